import { describe, expect, it, vi } from 'vitest';
import { ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { failingTimes, noRetries } from '../fixtures/failing.ts';
import { deferred, nextTurn, running } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('the deadline of a task', () => {
  it('ends one that waits in a queue', async () => {
    const clock = new ManualClock();
    const gate = deferred();
    const agent = ioAgent('slow', { limit: 1, run: async () => gate.promise });
    await using engine = await engineOf([agent], { clock });
    const holder = engine.submit('slow', 1);
    const late = engine.submit('slow', 2, { deadlineMs: 500 });
    await nextTurn();
    clock.advance(499);
    expect(late.state).toBe('pending');
    clock.advance(1);
    expect(await late.outcome).toMatchObject({
      status: 'failed',
      error: { code: 'DEADLINE' },
      attempts: [],
      timing: { waitMs: 500, serviceMs: 0, totalMs: 500 },
    });
    gate.resolve();
    expect(await holder.outcome).toMatchObject({ status: 'completed' });
    expect(clock.pending).toBe(0);
  });

  it('ends one that runs, and aborts its signal', async () => {
    const clock = new ManualClock();
    const aborted = deferred<unknown>();
    const agent = ioAgent('slow', {
      deadlineMs: 500,
      run: (_input, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        return new Promise<never>(() => {});
      },
    });
    await using engine = await engineOf([agent], { clock });
    const handle = engine.submit('slow', 1);
    await nextTurn();
    clock.advance(500);
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject({ status: 'failed', agent: 'slow', error: { code: 'DEADLINE' } });
    expect(outcome.attempts).toMatchObject([{ agent: 'slow', durationMs: 500, error: { code: 'DEADLINE' } }]);
    expect(await aborted.promise).toMatchObject({ code: 'DEADLINE' });
    expect(engine.stats()).toMatchObject({ tasks: { failed: 1, running: 0 }, agents: [{ inFlight: 0 }] });
  });

  it('ends one that runs on a thread, and takes the thread if it goes on', async () => {
    await using engine = await engineOf([onThreads('never'), onThreads('echo')]);
    const handle = engine.submit('never', 1, { deadlineMs: 200 });
    await running(handle);
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject({ status: 'failed', agent: 'never', error: { code: 'DEADLINE' } });
    expect(outcome.attempts).toMatchObject([{ lane: 'threads', error: { code: 'DEADLINE' } }]);
    expect(outcome.attempts[0]!.durationMs).toBeGreaterThan(0);
    expect(await engine.run('echo', 'next')).toBe('next');
  });

  it('is for all attempts: a retry that could not start before it is not waited for', async () => {
    const clock = new ManualClock();
    const retry = { attempts: 9, backoff: 'constant', baseMs: 300 } as const;
    const { agent } = failingTimes('flaky', 99, { retry, deadlineMs: 800 });
    await using engine = await engineOf([agent], { clock });
    const handle = engine.submit('flaky', 1);
    for (let i = 0; i < 2; i++) {
      await nextTurn();
      clock.advance(300);
    }
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'HANDLER_FAILED' } });
    expect(noRetries(outcome)).toEqual([undefined, undefined, 'deadline']);
    expect(clock.now()).toBe(1_600);
    expect(clock.pending).toBe(0);
  });

  it('ends one that has come back to its queue, with what failed before', async () => {
    const clock = new ManualClock();
    const gate = deferred();
    const agent = ioAgent('flaky', {
      limit: 1,
      retry: { attempts: 2, backoff: 'constant', baseMs: 100 },
      run: async (input: string) => {
        if (input === 'plug') await gate.promise;
        else throw new Error('first time');
      },
    });
    await using engine = await engineOf([agent], { clock });
    const handle = engine.submit('flaky', 'x', { deadlineMs: 500 });
    await nextTurn();
    const plug = engine.submit('flaky', 'plug');
    await nextTurn();
    clock.advance(500);
    expect(await handle.outcome).toMatchObject({
      status: 'failed',
      agent: 'flaky',
      error: { code: 'DEADLINE', cause: { code: 'HANDLER_FAILED' } },
      attempts: [{ agent: 'flaky' }],
    });
    gate.resolve();
    await plug.outcome;
  });

  it('is the shortest of the agents of a capability, unless the caller names one', async () => {
    const clock = new ManualClock();
    const stuck = (name: string, deadlineMs: number) =>
      ioAgent(name, { capabilities: ['work'], deadlineMs, run: () => new Promise<never>(() => {}) });
    await using engine = await engineOf([stuck('a', 900), stuck('b', 400)], { clock });
    const handles = [
      engine.submit({ capability: 'work' }, 1),
      engine.submit({ capability: 'work' }, 1, { deadlineMs: 700 }),
    ];
    await nextTurn();
    clock.advance(400);
    expect(handles.map(({ state }) => state)).toEqual(['failed', 'running']);
    clock.advance(300);
    expect(handles.map(({ state }) => state)).toEqual(['failed', 'failed']);
  });

  it('leaves no timer behind when the task ends before', async () => {
    const clock = new ManualClock();
    await using engine = await engineOf([ioAgent('quick', { run: async () => 1, deadlineMs: 500 })], {
      clock,
    });
    expect(await engine.run('quick', 1)).toBe(1);
    expect(clock.pending).toBe(0);
  });
});
