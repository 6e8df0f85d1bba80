import { describe, expect, it, vi } from 'vitest';
import { type EngineEvents, ioAgent, type TaskHandle } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { Flag } from '../fixtures/waiting.ts';
import { locking } from './agents.ts';
import { quiet, waiting } from './waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Resolves when the handler has said that it holds a mutex of that name. */
function holds(handle: TaskHandle, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    handle.on('partial', (part) => {
      const said = part as { name: string; recovered: boolean };
      if (said.name === name) resolve(said.recovered);
    });
  });
}

describe('on threads', () => {
  it('a lock that its task forgot goes to the next, who is told if the task failed', async () => {
    await using engine = await engineOf([locking('forgetMutex')]);
    expect(await engine.run('forgetMutex', { name: 'm' })).toBe(false);
    expect(await engine.run('forgetMutex', { name: 'm' })).toBe(false);
    await expect(engine.run('forgetMutex', { name: 'm', throws: true })).rejects.toThrow('in the middle');
    expect(await engine.run('forgetMutex', { name: 'm' })).toBe(true);
    expect(await engine.run('forgetMutex', { name: 'm' })).toBe(false);
    await quiet(engine);
  });

  it('what is wrong is refused with the codes of the main thread', async () => {
    await using engine = await engineOf([locking('misuseSync')]);
    expect(await engine.run('misuseSync', 0)).toEqual([
      'LOCK_RELEASED',
      ...Array(6).fill('INVALID_OPTION'),
      'UNKNOWN_OPTION',
      'INVALID_OPTION',
      'OURS',
    ]);
    await quiet(engine);
  });

  it('a thread that dies frees what its task held, and the next holder is told', async () => {
    await using engine = await engineOf([locking('holdMutexes', { idempotent: false })], {
      threads: { count: 2 },
    });
    const { flag } = new Flag();
    const dying = engine.submit('holdMutexes', { names: ['m', 'n'], flag, dies: true });
    await holds(dying, 'm');
    const next = engine.sync.mutex('m').acquire();
    const after = engine.sync.mutex('m').acquire();
    Atomics.store(flag, 0, 1);
    expect(await dying.outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    const lock = await next;
    expect(lock.recovered).toBe(true);
    lock.release();
    const last = await after;
    expect(last.recovered).toBe(false);
    last.release();
    await quiet(engine);
  });

  it('a task that is cancelled while it waits leaves the line at once, and its thread lives on', async () => {
    await using engine = await engineOf([locking('holdMutexes')]);
    const { flag } = new Flag();
    Atomics.store(flag, 0, 1);
    const held = await engine.sync.mutex('m').acquire();
    const handle = engine.submit('holdMutexes', { names: ['m'], flag });
    await waiting(engine, 'm', 1);
    expect(engine.stats().threads.map(({ blocked }) => blocked)).toEqual([true]);
    handle.cancel();
    await waiting(engine, 'm', 0);
    expect(await handle.outcome).toMatchObject({ status: 'cancelled' });
    held.release();
    expect(await engine.run('holdMutexes', { names: ['m'], flag })).toEqual(['m']);
    expect(engine.stats().restarts).toBe(0);
    expect(engine.stats().threads.map(({ blocked }) => blocked)).toEqual([false]);
  });

  it('a task that is cancelled while it holds keeps it until its handler has stopped', async () => {
    await using engine = await engineOf([locking('holdMutexes', { idempotent: false })], {
      threads: { count: 2 },
    });
    const { flag } = new Flag();
    const handle = engine.submit('holdMutexes', { names: ['m'], flag });
    await holds(handle, 'm');
    handle.cancel();
    expect(await handle.outcome).toMatchObject({ status: 'cancelled' });
    expect(engine.sync.inspect().resources).toMatchObject([{ name: 'm', free: 0 }]);
    // It does not stop when asked to, so its thread is taken.
    const lock = await engine.sync.mutex('m').acquire();
    expect(lock.recovered).toBe(true);
    expect(engine.stats().restarts).toBe(1);
    lock.release();
  });

  it('a wait whose own signal aborts ends with its reason, and stands in line no more', async () => {
    await using engine = await engineOf([locking('giveUpWaiting')]);
    const held = await engine.sync.mutex('m').acquire();
    expect(await engine.run('giveUpWaiting', { name: 'm' })).toBe('enough');
    expect(engine.sync.inspect().resources).toMatchObject([{ name: 'm', waiting: 0 }]);
    held.release();
  });

  it('flows of one handler are parties, and a task that locks twice is told', async () => {
    await using engine = await engineOf([locking('flowsOfParties')]);
    expect(await engine.run('flowsOfParties', 0)).toMatchObject({
      inside: [0, 0, 1, 1, 2, 2],
      again: { code: 'DEADLOCK', name: 'SyncError', picture: { resources: [{ name: 'm', waiting: 1 }] } },
    });
    await quiet(engine);
  });

  it('there are none for a handler in a process of its own, which is told so', async () => {
    await using engine = await engineOf([locking('asksForSync', { isolate: 'process' })]);
    expect(await engine.run('asksForSync', 0)).toMatch(/cannot be used with isolate: 'process'/);
  });

  it('a wait ends after its timeoutMs, with who holds it', async () => {
    await using engine = await engineOf([locking('holdMutexes')]);
    const { flag } = new Flag();
    const held = await engine.sync.mutex('m').acquire();
    const outcome = await engine.submit('holdMutexes', { names: ['m'], flag, options: { timeoutMs: 20 } })
      .outcome;
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'HANDLER_FAILED', cause: { name: 'SyncError', code: 'SYNC_TIMEOUT', resource: 'm' } },
    });
    expect((outcome as { error: Error }).error.message).toMatch(/held by code outside of handlers/);
    held.release();
  });

  it('a deadlock of two threads is found: the one that closed it fails, the other goes on', async () => {
    await using engine = await engineOf([locking('holdMutexes')], { threads: { count: 2 } });
    const { flag } = new Flag();
    const tasks = [
      engine.submit('holdMutexes', { names: ['a', 'b'], flag }),
      engine.submit('holdMutexes', { names: ['b', 'a'], flag }),
    ];
    await Promise.all([holds(tasks[0]!, 'a'), holds(tasks[1]!, 'b')]);
    Atomics.store(flag, 0, 1);
    const outcomes = await Promise.all(tasks.map((task) => task.outcome));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['completed', 'failed']);
    expect(outcomes.find(({ status }) => status === 'failed')).toMatchObject({
      error: {
        cause: { code: 'DEADLOCK', message: expect.stringMatching(/\(agent "holdMutexes", thread \d+\)/) },
      },
    });
    await quiet(engine);
  });

  it('a barrier that needs more parties than there are threads is diagnosed, and all threads go on', async () => {
    await using engine = await engineOf([locking('comeToBarrier')], {
      threads: { count: 2 },
      sync: { stallMs: 50 },
    });
    const blocked: EngineEvents['threadsBlocked'][] = [];
    engine.on('threadsBlocked', (event) => blocked.push(event));
    const tasks = [1, 2, 3].map(() => engine.submit('comeToBarrier', { name: 'b', size: 3 }));
    const outcomes = await Promise.all(tasks.map((task) => task.outcome));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'failed',
        error: {
          cause: { code: 'BARRIER_BROKEN', message: expect.stringMatching(/nobody left who could come/) },
        },
      });
    }
    expect(blocked.at(-1)).toMatchObject({ threads: 2, picture: { resources: [{ name: 'b', waiting: 2 }] } });
    const pair = [1, 2].map(() => engine.run('comeToBarrier', { name: 'pair', size: 2 }));
    expect((await Promise.all(pair)).map((turn) => (turn as { position: number }).position).sort()).toEqual([
      0, 1,
    ]);
  });

  it('a barrier is complete with a task on a thread, one on the event loop and code outside', async () => {
    await using engine = await engineOf([
      locking('comeToBarrier'),
      ioAgent('onLoop', { run: async (_: unknown, ctx) => ctx.sync.barrier('b', 3).wait() }),
    ]);
    const turns = await Promise.all([
      engine.run('comeToBarrier', { name: 'b', size: 3 }),
      engine.run('onLoop', 0),
      engine.sync.barrier('b', 3).wait(),
    ]);
    expect(turns.map((turn) => (turn as { round: number }).round)).toEqual([0, 0, 0]);
  });
});
