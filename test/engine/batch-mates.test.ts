import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Engine, EngineOptions } from '../../src/index.ts';
import { misbehaving } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

vi.setConfig({ testTimeout: 90_000 });

const seed = Number(process.env.SPILLWAY_SEED ?? Date.now() % 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'spillway-batch-mates-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TASKS = 600;
const CODES: Readonly<Record<string, string>> = {
  exit: 'WORKER_LOST',
  endlessLoop: 'STALLED',
  waitForNobody: 'STALLED',
};

/** Runs tasks in order on one thread, some of which take it with them. Gives what ran, in the order in which it did. */
async function ranWith(engine: Engine, name: string, fates: ReadonlyMap<number, string>): Promise<number[]> {
  const file = join(folder, name);
  writeFileSync(file, '');
  const handles = Array.from({ length: TASKS }, (_, index) =>
    engine.submit('logged', { file, index, how: fates.get(index) }),
  );
  for (const [index, handle] of handles.entries()) {
    const how = fates.get(index);
    expect(await handle.outcome, `task ${index} of seed ${seed}`).toMatchObject(
      how === undefined
        ? { status: 'completed', value: index }
        : { status: 'failed', error: { code: CODES[how] } },
    );
  }
  return readFileSync(file, 'utf8').trim().split('\n').map(Number);
}

async function engineWithBatches(options: Omit<EngineOptions, 'agents'> = {}): Promise<Engine> {
  const agents = [misbehaving('logged', { stallMs: 400 })];
  const engine = await engineOf(agents, { restarts: { max: 1_000 }, ...options });
  const file = join(folder, 'warm-up');
  await Promise.all(Array.from({ length: 200 }, (_, index) => engine.run('logged', { file, index })));
  return engine;
}

const inOrder = Array.from({ length: TASKS }, (_, index) => index);
const firstTimes = (ran: readonly number[]) => [...new Set(ran)];

describe('batch-mates of a task that takes its thread with it', () => {
  it('run once, in their order, if it ends the thread: what was done has been sent', async () => {
    await using engine = await engineWithBatches();
    expect(await ranWith(engine, 'exit', new Map([[300, 'exit']]))).toEqual(inOrder);
  });

  it('run in their order if it blocks the thread; no more than a batch of them again, and none the next time', async () => {
    await using engine = await engineWithBatches();
    const ran = await ranWith(engine, 'first-block', new Map([[300, 'endlessLoop']]));
    expect(firstTimes(ran)).toEqual(inOrder);
    const again = ran.filter((index, at) => ran.indexOf(index) < at);
    expect(again).toEqual(inOrder.slice(300 - again.length, 300));
    const next = await ranWith(
      engine,
      'next-block',
      new Map([
        [300, 'endlessLoop'],
        [400, 'waitForNobody'],
      ]),
    );
    expect(next).toEqual(inOrder);
  });

  it('that had run are not turned away for being late', async () => {
    // The thread is taken later than the objective allows.
    await using engine = await engineWithBatches({ slo: { p99Ms: 200 } });
    const file = join(folder, 'late');
    writeFileSync(file, '');
    const handles = inOrder
      .slice(0, 20)
      .map((index) =>
        engine.submit('logged', { file, index, how: index === 10 ? 'endlessLoop' : undefined }),
      );
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    const ran = readFileSync(file, 'utf8').trim().split('\n').map(Number);
    expect(ran.filter((index) => outcomes[index]!.status === 'rejected')).toEqual([]);
    // They had run when the thread was taken, and ran again because their results went down with it.
    expect(ran.filter((index, at) => ran.indexOf(index) < at)).not.toEqual([]);
  });

  it('run in their order, whatever happens: nobody twice but those before the first block', async () => {
    const random = new SeededRandom(seed);
    console.info(`batch-mates of seed ${seed}`);
    await using engine = await engineWithBatches();
    const fates = new Map<number, string>();
    while (fates.size < 12) fates.set(random.below(TASKS), random.pick(Object.keys(CODES)));
    const ran = await ranWith(engine, 'random', fates);
    const first = Math.min(...fates.keys());
    expect(firstTimes(ran), `SPILLWAY_SEED=${seed}`).toEqual(inOrder);
    const again = ran.filter((index, at) => ran.indexOf(index) < at);
    for (const index of again) expect(index, `SPILLWAY_SEED=${seed}`).toBeLessThan(first);
    if (fates.get(first) === 'exit') expect(again).toEqual([]);
    expect(engine.stats()).toMatchObject({ restarts: 12, tasks: { failed: 12, waiting: 0, running: 0 } });
  });
});
