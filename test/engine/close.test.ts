import { describe, expect, it, vi } from 'vitest';
import { createEngine, EngineClosedError, ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

vi.setConfig({ testTimeout: 60_000 });
const shutDown = {
  status: 'cancelled',
  reason: 'shutdown',
  error: { code: 'CANCELLED', reason: 'shutdown' },
};

describe('close', () => {
  it('can be called again and again, and is the same each time', async () => {
    const engine = await engineOf([onThreads('echo')]);
    const first = engine.close();
    expect(engine.close()).toBe(first);
    await first;
    expect(engine.close({ timeoutMs: 5 })).toBe(first);
    await engine[Symbol.asyncDispose]();
  });

  it('works right after the start, with and without threads', async () => {
    await (
      await engineOf([onThreads('echo'), ioAgent('io', { run: () => 1 })], { threads: { count: 2 } })
    ).close();
    await (await createEngine()).close();
  });

  it('lets what was submitted finish, also what waits', async () => {
    const engine = await engineOf(
      [onThreads('spin'), ioAgent('slow', { limit: 1, run: (n: number) => nextTurn().then(() => n) })],
      { closeTimeoutMs: 10_000 },
    );
    const onThread = Array.from({ length: 5 }, () => engine.submit('spin', 5));
    const onLoop = Array.from({ length: 20 }, (_, i) => engine.submit('slow', i));
    await engine.close();
    const outcomes = await Promise.all([...onThread, ...onLoop].map((handle) => handle.outcome));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(25).fill('completed'));
    expect(engine.stats()).toMatchObject({ tasks: { completed: 25, waiting: 0, running: 0 }, threads: [] });
  });

  it('aborts what is left at the deadline with the reason shutdown, wherever it is', async () => {
    const reasons: unknown[] = [];
    const engine = await engineOf(
      [
        onThreads('neverReturns'),
        onThreads('never'),
        onThreads('echo'),
        ioAgent('stuck', {
          limit: 1,
          run: (_input: unknown, ctx) => {
            ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason));
            return new Promise(() => {});
          },
        }),
      ],
      { threads: { count: 2 } },
    );
    const deaf = engine.submit('neverReturns', 1);
    const stuckOnThread = engine.submit('never', 1);
    await Promise.all([running(deaf), running(stuckOnThread)]);
    const others = [
      engine.submit('stuck', 1),
      engine.submit('stuck', 2),
      ...Array.from({ length: 10 }, (_, i) => engine.submit('echo', i)),
      ...Array.from({ length: 3 }, () => engine.submit('never', 1)),
    ];
    await nextTurn();
    const waiting = others.map((handle) => handle.state);
    await engine.close({ timeoutMs: 20 });
    expect(await deaf.outcome).toMatchObject(shutDown);
    expect(await stuckOnThread.outcome).toMatchObject(shutDown);
    expect(waiting).toContain('pending');
    for (const handle of others) expect(await handle.outcome).toMatchObject(shutDown);
    expect(reasons).toMatchObject([{ name: 'CancelledError', reason: 'shutdown' }]);
    expect(engine.stats().tasks).toMatchObject({ submitted: 17, cancelled: 17, waiting: 0, running: 0 });
  });

  it('waits no longer than it takes', async () => {
    const clock = new ManualClock();
    const gate = deferred();
    const engine = await engineOf([ioAgent('held', { run: () => gate.promise })], {
      clock,
      closeTimeoutMs: 5_000,
    });
    const handle = engine.submit('held', 1);
    await nextTurn();
    const closing = engine.close();
    gate.resolve();
    expect(await handle.outcome).toMatchObject({ status: 'completed' });
    await closing;
    expect(clock.pending).toBe(0);
  });

  it('waits as long as it was told, not longer', async () => {
    const clock = new ManualClock();
    const engine = await engineOf([ioAgent('stuck', { run: () => new Promise(() => {}) })], {
      clock,
      closeTimeoutMs: 5_000,
    });
    const handle = engine.submit('stuck', 1);
    await nextTurn();
    const closing = engine.close();
    clock.advance(4_999);
    await nextTurn();
    expect(handle.state).toBe('running');
    clock.advance(1);
    await closing;
    expect(await handle.outcome).toMatchObject({ ...shutDown, timing: { totalMs: 5_000 } });
    expect(clock.pending).toBe(0);
  });

  it('is no loss of threads', async () => {
    const engine = await engineOf([onThreads('echo')], { threads: { count: 2 } });
    const lost: unknown[] = [];
    engine.on('threadLost', (event) => lost.push(event));
    await engine.run('echo', 1);
    await engine.close();
    expect(lost).toEqual([]);
    expect(engine.stats()).toMatchObject({ restarts: 0, threads: [] });
  });

  it('ends an agent that is being registered with an error, not with silence', async () => {
    const engine = await engineOf([]);
    const registering = engine.register(onThreads('echo'));
    await engine.close();
    await expect(registering).rejects.toBeInstanceOf(Error);
    await expect(engine.register(onThreads('add'))).rejects.toBeInstanceOf(EngineClosedError);
  });

  it('may be called by a handler', async () => {
    const engine = await engineOf([
      ioAgent('last', {
        run: async () => {
          void engine.close();
          return 'done';
        },
      }),
    ]);
    expect(await engine.run('last', 1)).toBe('done');
    await engine.close();
  });

  it('while a handler on a thread holds it is over once the thread is gone', async () => {
    const flag = new Flag();
    const engine = await engineOf([onThreads('hold')]);
    const handle = engine.submit('hold', { flag: flag.flag });
    await running(handle);
    await engine.close({ timeoutMs: 10 });
    expect(await handle.outcome).toMatchObject(shutDown);
    expect(engine.stats().threads).toEqual([]);
  });

  it('lets a handler that was told to stop clean up before its thread is taken', async () => {
    const flag = new Flag();
    const engine = await engineOf([onThreads('cleansUp')]);
    const handle = engine.submit('cleansUp', { flag: flag.flag });
    await running(handle);
    await engine.close({ timeoutMs: 10 });
    expect(await handle.outcome).toMatchObject(shutDown);
    expect(flag.isRaised).toBe(true);
  });

  it('leaves what can still be asked as it is', async () => {
    const engine = await engineOf([ioAgent('io', { run: async (n: number) => n })]);
    const handle = engine.submit('io', 1);
    await engine.close();
    expect(handle.cancel()).toBe(false);
    expect(handle.reprioritize('high')).toBe(false);
    expect(engine.histogram('io', 'total').totalCount).toBe(1);
    expect(engine.remove('io')).toBe(true);
  });
});
