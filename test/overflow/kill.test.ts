import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/folders.ts';
import { killedAfter } from '../fixtures/killed-child.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
const KILLS = 15;
const seed = Number(process.env.SPILLWAY_SEED ?? 20_261_121);

test(`nothing that has overflowed is lost by kill -9, and nothing is invented (seed ${seed})`, async () => {
  const folder = temporaryFolder();
  const random = new SeededRandom(seed);
  for (let round = 1; round <= KILLS; round++) {
    expect(await killedAfter(3 + random.below(300), CHILD, [folder, String(round)])).toBe('SIGKILL');
  }
  expect(await killedAfter(Number.POSITIVE_INFINITY, CHILD, [folder, 'last'])).toBe(0);

  const ids = (file: string) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').map(Number);
  const overflowed = ids('overflowed');
  const submitted = new Set(ids('submitted'));
  const ranLast = ids('ran-last');
  const ran = new Set([...ids('ran'), ...ranLast]);
  const count = `${submitted.size} submitted, ${overflowed.length} overflowed, ${ranLast.length} left to the end`;
  expect(
    overflowed.filter((id) => !ran.has(id)),
    `lost of ${count}`,
  ).toEqual([]);
  expect([...ran].filter((id) => !submitted.has(id))).toEqual([]);
  expect(ids('refused').filter((id) => ran.has(id))).toEqual([]);
  // Or it has shown nothing.
  expect(ranLast.length).toBeGreaterThan(100);
  expect(overflowed.length).toBeGreaterThan(1_000);
  for (const priority of [0, 1, 2]) {
    const order = ranLast.filter((id) => id % 3 === priority);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
  // What is done leaves nothing behind.
  expect(readdirSync(join(folder, 'overflow'))).toEqual([]);
}, 180_000);
