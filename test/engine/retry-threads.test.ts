import { describe, expect, it, vi } from 'vitest';
import { ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { failingOnThreads, noRetries, sumOf } from '../fixtures/failing.ts';
import { nextTurn } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });
const retry = { attempts: 2, baseMs: 0 } as const;
const counter = () => new Int32Array(new SharedArrayBuffer(8));

describe('a thread that dies', () => {
  it('has its task retried on another thread, if the agent is idempotent', async () => {
    await using engine = await engineOf([failingOnThreads('diesOnce', { retry })]);
    const calls = counter();
    const outcome = await engine.submit('diesOnce', { calls }).outcome;
    expect(outcome).toMatchObject({ status: 'completed', value: 2 });
    expect(outcome.attempts).toMatchObject([{ error: { code: 'WORKER_LOST' } }, { error: undefined }]);
    const [first, second] = outcome.attempts.map(({ threadId }) => threadId);
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first!);
    expect(engine.stats()).toMatchObject({ restarts: 1, agents: [{ inFlight: 0, retries: 1 }] });
  });

  it('never has it run twice otherwise', async () => {
    await using engine = await engineOf([failingOnThreads('diesOnce', { retry, idempotent: false })]);
    const calls = counter();
    const outcome = await engine.submit('diesOnce', { calls }).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    expect(noRetries(outcome)).toEqual(['not-idempotent']);
    expect(calls[0]).toBe(1);
  });
});

describe('an attempt on a thread that runs out of time', () => {
  it('is over, whatever its handler does later: the next one gives the value', async () => {
    const calls = counter();
    await using engine = await engineOf([failingOnThreads('slowOnce', { retry, timeoutMs: 100 })], {
      threads: { count: 2 },
    });
    const outcome = await engine.submit('slowOnce', { calls }).outcome;
    expect(outcome).toMatchObject({ status: 'completed', value: 'call 2' });
    expect(outcome.attempts).toMatchObject([{ error: { code: 'TIMEOUT' } }, { error: undefined }]);
    // The first one ends when it is told to, long after.
    expect(await engine.submit('slowOnce', { calls }).outcome).toMatchObject({ value: 'call 3' });
    const stats = engine.stats();
    expect(stats.tasks).toMatchObject({ submitted: 2, completed: 2, running: 0, waiting: 0 });
    expect(stats.agents).toMatchObject([{ counts: { completed: 2, failed: 1 } }]);
  });

  it('that cannot be stopped loses its thread, and the place that it took', async () => {
    const calls = counter();
    await using engine = await engineOf([failingOnThreads('hangsOnce', { retry, timeoutMs: 60 })]);
    const outcome = await engine.submit('hangsOnce', { calls }).outcome;
    expect(outcome).toMatchObject({ status: 'completed', value: 'call 2' });
    const stats = engine.stats();
    expect(stats).toMatchObject({ restarts: 1, tasks: { completed: 1, running: 0, waiting: 0 } });
    expect(stats.agents[0]!.inFlight).toBe(0);
    expect(sumOf(stats)).toBe(1);
  });
});

describe('a task whose attempts on threads all run out of time', () => {
  it.each(['neverReturns', 'never'])('fails, and its places are free again: %s', async (name) => {
    await using engine = await engineOf([onThreads(name, { retry, timeoutMs: 40 }), onThreads('echo')]);
    const outcome = await engine.submit(name, 1).outcome;
    expect(outcome).toMatchObject({ status: 'failed', agent: name, error: { code: 'TIMEOUT' } });
    expect(noRetries(outcome)).toEqual([undefined, 'attempts-used']);
    expect(await engine.run('echo', 'next')).toBe('next');
    expect(engine.stats()).toMatchObject({ restarts: 2, agents: [{ inFlight: 0 }, { inFlight: 0 }] });
  });
});

describe('an attempt on the event loop that runs out of time', () => {
  it('is over for its handler: no signal, report or value of it counts any more', async () => {
    const contexts: { cancelled: boolean; signal: AbortSignal; progress(n: number): unknown }[] = [];
    const ends: ((value: unknown) => void)[] = [];
    const agent = ioAgent('slow', {
      timeoutMs: 30,
      retry,
      run: (_input, ctx) => {
        contexts.push(ctx);
        void ctx.signal;
        return new Promise<unknown>((resolve) => ends.push(resolve));
      },
    });
    await using engine = await engineOf([agent]);
    const second = new Promise<void>((resolve) => {
      engine.on('retry', () => resolve());
    });
    const handle = engine.submit('slow', 1, { timeoutMs: 30 });
    const reports: number[] = [];
    handle.on('progress', (fraction) => reports.push(fraction));
    await second;
    await nextTurn();
    expect(contexts.map(({ cancelled }) => cancelled)).toEqual([true, false]);
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    ends[0]!('too late');
    await contexts[0]!.progress(0.1);
    await contexts[1]!.progress(0.9);
    ends[1]!('in time');
    expect(await handle.outcome).toMatchObject({ status: 'completed', value: 'in time' });
    expect(reports).toEqual([0.9]);
  });
});
