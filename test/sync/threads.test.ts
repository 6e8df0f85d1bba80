import { describe, expect, it, vi } from 'vitest';
import type { Lock } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { locking } from './agents.ts';
import { quiet } from './waiting.ts';

vi.setConfig({ testTimeout: 120_000 });

describe('mutexes that threads and the main thread take from each other, while threads die', () => {
  it.each([1, 2, 3, 4, 5])(
    'are held by one at a time, and dead holders are told of (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      await using engine = await engineOf([locking('lockAtRandom', { idempotent: false })], {
        threads: { count: 3 },
        restarts: { max: 1_000 },
      });
      const cells = new Int32Array(new SharedArrayBuffer(16));
      const enter = (i: number, lock: Lock) => {
        if (lock.recovered) Atomics.store(cells, i, 0);
        if (Atomics.compareExchange(cells, i, 0, 1) !== 0) Atomics.add(cells, 3, 1);
      };
      const tasks = Array.from({ length: 30 }, (_, i) =>
        engine.submit('lockAtRandom', {
          seed: random.below(2 ** 31),
          cells,
          rounds: 100,
          diesAt: i % 5 === 4 ? random.below(100) : -1,
        }),
      );
      const flow = async () => {
        for (let round = 0; round < 100; round++) {
          const i = random.below(3);
          const lock = await engine.sync.mutex(`m${i}`).acquire();
          enter(i, lock);
          if (random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
          Atomics.store(cells, i, 0);
          lock.release();
          // The threads are to have mutexes to themselves now and then.
          if (random.chance(0.5)) await new Promise((resolve) => setImmediate(resolve));
        }
      };
      await Promise.all([flow(), flow()]);
      const outcomes = await Promise.all(tasks.map((task) => task.outcome));
      expect(cells[3], `seed ${seed}`).toBe(0);
      expect(outcomes.filter(({ status }) => status === 'completed')).toHaveLength(24);
      const failed = outcomes.filter(({ status }) => status === 'failed');
      expect(failed).toMatchObject(Array(6).fill({ error: { code: 'WORKER_LOST' } }));
      await quiet(engine);
    },
  );
});

describe('100,000 acquisitions on a thread', () => {
  it('leave nothing behind', async () => {
    await using engine = await engineOf([locking('countUnderMutex')]);
    const cells = new Int32Array(new SharedArrayBuffer(4));
    await engine.run('countUnderMutex', { name: 'm', cells, rounds: 100_000 });
    expect(cells[0]).toBe(100_000);
    await quiet(engine);
  });
});
