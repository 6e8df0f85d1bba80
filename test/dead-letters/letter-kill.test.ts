import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { engineOf } from '../fixtures/engines.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { killedAfter } from '../fixtures/killed-child.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

const CHILD = fileURLToPath(new URL('./letter-kill-child.ts', import.meta.url));
const KILLS = 6;
const seed = Number(process.env.SPILLWAY_SEED ?? 20_261_122);

test(`kill -9 loses no dead letter that a caller was told of (seed ${seed})`, async () => {
  const folder = temporaryFolder();
  const random = new SeededRandom(seed);
  for (let round = 1; round <= KILLS; round++) {
    expect(await killedAfter(1 + random.below(600), CHILD, [folder, String(round)])).toBe('SIGKILL');
  }
  const told = readFileSync(join(folder, 'told'), 'utf8').trimEnd().split('\n').map(Number);
  expect(told.length).toBeGreaterThan(100);
  await using engine = await engineOf([], {
    deadLetters: { folder: join(folder, 'letters'), limit: 1_000_000 },
  });
  const letters = engine.deadLetters.list({ limit: 1_000_000 });
  const kept = new Set<number>();
  for (const { id } of letters) {
    const { input } = (await engine.deadLetters.get(id))!;
    kept.add((input as { id: number }).id);
  }
  expect(kept.size).toBe(letters.length);
  expect(told.filter((id) => !kept.has(id))).toEqual([]);
}, 180_000);
