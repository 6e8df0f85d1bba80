import { getEventListeners } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/contract/clock.ts';
import { type Engine, ioAgent, type TaskHandle } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });
let engine: Engine;
beforeAll(async () => {
  engine = await engineOf([
    ...['echo', 'hold', 'holdGently', 'untilAborted', 'untilCancelled'].map((name) => onThreads(name)),
    ioAgent('io', { run: async (x: unknown) => x }),
    ioAgent('ioUntilAborted', {
      limit: 1,
      run: async (_input: unknown, ctx) => {
        const { signal } = ctx;
        await ctx.progress(0);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        seenReasons.push(signal.reason);
      },
    }),
  ]);
});
afterAll(() => engine.close());

const seenReasons: unknown[] = [];
const cancelled = (cause?: unknown) => ({
  status: 'cancelled',
  reason: 'cancelled',
  error: { name: 'CancelledError', code: 'CANCELLED', ...(cause !== undefined && { cause }) },
});
/** Nothing is left of what was submitted. */
function expectIdle(): void {
  const { tasks, agents } = engine.stats();
  expect(tasks).toMatchObject({ waiting: 0, running: 0 });
  expect(agents.map((agent) => agent.inFlight)).toEqual(agents.map(() => 0));
}

describe.each(['echo', 'io'])('a signal (%s)', (agent) => {
  it('that has aborted before the submit cancels the task with its reason', async () => {
    const signal = AbortSignal.abort('early');
    expect(await engine.submit(agent, 1, { signal }).outcome).toMatchObject(cancelled('early'));
    await expect(engine.run(agent, 1, { signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      cause: 'early',
    });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expectIdle();
  });

  it('that aborts while the task waits cancels it', async () => {
    const controller = new AbortController();
    const handle = engine.submit(agent, 1, { signal: controller.signal });
    expect(handle.state).toBe('pending');
    controller.abort('while it waited');
    expect(await handle.outcome).toMatchObject({ ...cancelled('while it waited'), timing: { serviceMs: 0 } });
    expectIdle();
  });

  it('that aborts after the end changes nothing', async () => {
    const controller = new AbortController();
    const handle = engine.submit(agent, 'done', { signal: controller.signal });
    const outcome = await handle.outcome;
    controller.abort();
    expect(await handle.outcome).toBe(outcome);
    expect(outcome).toMatchObject({ status: 'completed', value: 'done' });
    expect(handle.cancel()).toBe(false);
  });
});

describe('a running task', () => {
  it('on the event loop is cancelled at once, and its handler sees why', async () => {
    const controller = new AbortController();
    const handle = engine.submit('ioUntilAborted', 1, { signal: controller.signal });
    await running(handle);
    const next = engine.submit('ioUntilAborted', 2);
    const nextRuns = running(next);
    controller.abort(new Error('enough'));
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject(cancelled({ message: 'enough' }));
    await nextTurn();
    expect(seenReasons).toEqual([outcome.status === 'cancelled' && outcome.error]);
    await nextRuns;
    expect(next.cancel('me too')).toBe(true);
    expect(await next.outcome).toMatchObject(cancelled('me too'));
    expectIdle();
  });

  it('on a thread is cancelled at once; its handler sees its signal abort and keeps its thread', async () => {
    const flag = new Flag();
    const handle = engine.submit('untilAborted', { flag: flag.flag });
    await running(handle);
    expect(handle.cancel('enough')).toBe(true);
    expect(handle.state).toBe('cancelled');
    expect(await handle.outcome).toMatchObject(cancelled('enough'));
    expect(await engine.run('echo', 'next')).toBe('next');
    expect(flag.isRaised).toBe(true);
    expect(engine.stats().restarts).toBe(0);
    expectIdle();
  });

  it('on a thread that polls ctx.cancelled sees it from an inner loop', async () => {
    const handle = engine.submit('untilCancelled', 1);
    await running(handle);
    expect(handle.cancel()).toBe(true);
    expect(await handle.outcome).toMatchObject(cancelled());
    expect(await engine.run('echo', 'next')).toBe('next');
    expect(engine.stats().restarts).toBe(0);
    expectIdle();
  });

  it('is asked to stop even if another of its batch, done already, is cancelled after it', async () => {
    await using own = await engineOf([onThreads('echo'), onThreads('maybeStuck')], {
      batch: { quantumMs: 1_000 },
    });
    for (let i = 0; i < 3; i++)
      await Promise.all([own.run('echo', 0), own.run('maybeStuck', { stuck: false })]);
    // One batch: the first is done, but its result waits for the second.
    const done = own.submit('echo', 1, { priority: 'high' });
    const busy = own.submit('maybeStuck', { stuck: true });
    await running(busy);
    busy.cancel();
    done.cancel();
    expect(await own.run('echo', 'next')).toBe('next');
    expect(own.stats().restarts).toBe(0);
  });

  it('that ignores all of it loses its thread, which is replaced', async () => {
    // The engine looks at its threads as often as it can, to see what it does while one is about to die.
    const schedule: Clock['schedule'] = (delayMs, fn, background) =>
      systemClock.schedule(delayMs === 20 ? 0 : delayMs, fn, background);
    const clock = { ...systemClock, schedule };
    await using own = await engineOf([onThreads('neverReturns'), onThreads('echo')], { clock });
    const terminations: unknown[] = [];
    const { terminate } = Worker.prototype;
    Worker.prototype.terminate = function (this: Worker) {
      terminations.push(this.threadId);
      return terminate.call(this);
    };
    const handle = own.submit('neverReturns', 1);
    await running(handle);
    handle.cancel();
    expect(await handle.outcome).toMatchObject(cancelled());
    expect(await own.run('echo', 'next')).toBe('next');
    Worker.prototype.terminate = terminate;
    expect(own.stats().restarts).toBe(1);
    // Once by the engine, and once by the pool when it sees that the thread is gone.
    expect(terminations.length).toBeLessThanOrEqual(2);
  });

  it('that is cancelled by its caller never counts against the restarts that its agent may cause', {
    timeout: 20_000,
  }, async () => {
    await using own = await engineOf([onThreads('neverReturns')], {
      restarts: { max: 1 },
      closeTimeoutMs: 100,
    });
    for (let i = 0; i < 3; i++) {
      const handle = own.submit('neverReturns', 1);
      const outcome = await Promise.race([handle.outcome, running(handle)]);
      expect(outcome).toBeUndefined();
      handle.cancel();
      expect(await handle.outcome).toMatchObject(cancelled());
    }
    expect(own.stats().agents[0]?.state).not.toBe('failed');
  });
});

describe('a waiting task', () => {
  it('on a thread leaves alone those that wait with it', async () => {
    const flag = new Flag();
    const long = engine.submit('hold', { flag: flag.flag, value: 'long' });
    await running(long);
    const handles = Array.from({ length: 300 }, (_, i) => engine.submit('echo', i));
    await nextTurn();
    for (const [i, handle] of handles.entries()) if (i % 3 === 0) expect(handle.cancel(i)).toBe(true);
    flag.raise();
    for (const [i, handle] of handles.entries()) {
      const expected = i % 3 === 0 ? cancelled(i) : { status: 'completed', value: i };
      expect(await handle.outcome).toMatchObject(expected);
    }
    expect(await long.outcome).toMatchObject({ status: 'completed', value: 'long' });
    expectIdle();
  });

  it('behind one of its own agent on a thread is cancelled without waiting for it', async () => {
    const flag = new Flag();
    const first = engine.submit('hold', { flag: flag.flag });
    await running(first);
    const second = engine.submit('hold', { flag: flag.flag });
    await nextTurn();
    second.cancel('not needed');
    expect(await second.outcome).toMatchObject(cancelled('not needed'));
    expect(first.state).toBe('running');
    flag.raise();
    expect(await first.outcome).toMatchObject({ status: 'completed' });
    await nextTurn();
    expectIdle();
  });

  it('on the event loop leaves alone those that wait with it', async () => {
    const gate = deferred();
    await using own = await engineOf([
      ioAgent('one', { limit: 1, run: async (n: number) => gate.promise.then(() => n) }),
    ]);
    const handles = Array.from({ length: 10 }, (_, i) => own.submit('one', i));
    await nextTurn();
    for (const i of [0, 3, 9]) handles[i]!.cancel();
    gate.resolve();
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    expect(outcomes.map((outcome) => outcome.status === 'cancelled')).toEqual(
      handles.map((_, i) => [0, 3, 9].includes(i)),
    );
  });
});

describe('one signal for 300,000 tasks', () => {
  it('never has more than one listener, whether they end or are cancelled', async () => {
    await using own = await engineOf([ioAgent('io', { run: (x: unknown) => x, limit: 1_000 })], {
      queue: { limit: 400_000 },
      admission: { policy: 'none' },
    });
    const controller = new AbortController();
    const { signal } = controller;
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown) => warnings.push(warning);
    process.on('warning', onWarning);
    let last: TaskHandle | undefined;
    for (let i = 0; i < 300_000; i++) last = own.submit('io', i, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await last!.outcome;
    expect(own.stats().tasks).toMatchObject({ submitted: 300_000, completed: 300_000 });
    const { signals } = (
      own as unknown as { parts: { door: { signals: { tasks: WeakMap<AbortSignal, Set<unknown>> } } } }
    ).parts.door;
    const watched = signals.tasks;
    expect(watched.get(signal)?.size ?? 0).toBe(0);
    for (let i = 0; i < 10_000; i++) last = own.submit('io', i, { signal });
    controller.abort('all of them');
    await last!.outcome;
    expect(own.stats().tasks).toMatchObject({ cancelled: 10_000, waiting: 0, running: 0 });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await nextTurn();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('leaves no listener on the signal once all of them have ended', async () => {
    const { signal } = new AbortController();
    await engine.run('io', 1, { signal });
    await engine.run('echo', 1, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
