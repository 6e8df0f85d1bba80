import { describe, expect, it, vi } from 'vitest';
import { ioAgent } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';
import { waiting } from './waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('on the event loop', () => {
  it('a task that ends by its timeout frees what it held, and waits for nothing any more', async () => {
    const stuck = deferred();
    const codes: unknown[] = [];
    await using engine = await engineOf([
      ioAgent('holder', {
        timeoutMs: 20,
        run: async (_: unknown, ctx) => {
          await ctx.sync.mutex('m').acquire();
          await ctx.sync
            .mutex('n')
            .acquire()
            .catch((error: { code: string }) => codes.push(error.code));
          stuck.resolve();
        },
      }),
    ]);
    const other = await engine.sync.mutex('n').acquire();
    const task = engine.submit('holder', 0);
    await waiting(engine, 'n', 1);
    const lock = await engine.sync.mutex('m').acquire();
    expect(lock.recovered).toBe(true);
    expect(await task.outcome).toMatchObject({ error: { code: 'TIMEOUT' } });
    await stuck.promise;
    expect(codes).toEqual(['SYNC_OWNER_ENDED']);
    lock.release();
    other.release();
    expect(engine.sync.inspect().resources).toEqual([]);
  });

  it('flows of one handler that lock the same are parties', async () => {
    const inside: number[] = [];
    await using engine = await engineOf([
      ioAgent('fanOut', {
        run: async (_: unknown, ctx) => {
          const flow = async (i: number) => {
            using party = ctx.sync.party(`flow ${i}`);
            await party.mutex('m').withLock(async () => {
              inside.push(i);
              await undefined;
              inside.push(i);
            });
          };
          await Promise.all([0, 1, 2].map(flow));
          return inside;
        },
      }),
    ]);
    expect(await engine.run('fanOut', 0)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(engine.sync.inspect().resources).toEqual([]);
  });

  it('a barrier whose other parties can never start is diagnosed', async () => {
    await using engine = await engineOf(
      [ioAgent('few', { limit: 2, run: async (_: unknown, ctx) => ctx.sync.barrier('b', 3).wait() })],
      { sync: { stallMs: 40 }, admission: { policy: 'none' } },
    );
    const tasks = [1, 2, 3].map(() => engine.submit('few', 0));
    const outcomes = await Promise.all(tasks.map((task) => task.outcome));
    expect(outcomes).toMatchObject(Array(3).fill({ error: { cause: { code: 'BARRIER_BROKEN' } } }));
  });

  it('a barrier waits for a task that is still on its way, however long it takes', async () => {
    const gate = deferred();
    const clock = new ManualClock();
    await using engine = await engineOf(
      [
        ioAgent('early', { run: async (_: unknown, ctx) => ctx.sync.barrier('b', 2).wait() }),
        ioAgent('late', {
          run: async (_: unknown, ctx) => {
            await gate.promise;
            return ctx.sync.barrier('b', 2).wait();
          },
        }),
        ioAgent('other', { run: async () => 'done' }),
      ],
      { clock },
    );
    const tasks = [engine.submit('late', 0), engine.submit('early', 0)];
    await waiting(engine, 'b', 1);
    for (let second = 0; second < 200; second++) {
      clock.advance(1_000);
      await engine.run('other', 0);
    }
    gate.resolve();
    expect(await Promise.all(tasks.map((task) => task.outcome))).toMatchObject([
      { value: { round: 0, position: 1 } },
      { value: { round: 0, position: 0 } },
    ]);
  });

  it('a barrier to which nobody comes is given up, though others are busy all the time', async () => {
    const clock = new ManualClock();
    await using engine = await engineOf(
      [
        ioAgent('early', { run: async (_: unknown, ctx) => ctx.sync.barrier('b', 2).wait() }),
        ioAgent('busy', {
          run: () => new Promise((resolve) => void clock.schedule(1_000, () => resolve(0))),
        }),
      ],
      { clock, sync: { patienceMs: 20_000 } },
    );
    const early = engine.submit('early', 0);
    await waiting(engine, 'b', 1);
    let busy = engine.submit('busy', 0);
    for (let second = 0; second < 25; second++) {
      const next = engine.submit('busy', 0);
      await nextTurn();
      if (second < 20) expect(early.state).toBe('running');
      clock.advance(1_000);
      await busy.outcome;
      busy = next;
    }
    expect(await early.outcome).toMatchObject({
      error: {
        cause: { code: 'BARRIER_BROKEN', message: expect.stringMatching(/nobody has come for 20000 ms/) },
      },
    });
    clock.advance(2_000);
    await busy.outcome;
  });

  it('closing refuses what waits outside', async () => {
    const engine = await engineOf([]);
    await engine.sync.mutex('m').acquire();
    const waits = engine.sync.mutex('m').acquire();
    await Promise.all([expect(waits).rejects.toMatchObject({ code: 'ENGINE_CLOSED' }), engine.close()]);
    await expect(engine.sync.mutex('m').acquire()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  });
});
