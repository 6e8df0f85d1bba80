import { describe, expect, it } from 'vitest';
import { ioAgent, type TaskError, UpstreamBusyError } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { failingTimes, heard } from '../fixtures/failing.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

describe('the wait before a retry', () => {
  it('is any time up to a bound that doubles and ends at maxMs', async () => {
    const clock = new ManualClock();
    const { agent } = failingTimes('flaky', 9, { retry: { attempts: 5, baseMs: 100, maxMs: 300 } });
    await using engine = await engineOf([agent], { clock, random: () => 0.5 });
    const retries = heard(engine, 'retry');
    const handle = engine.submit('flaky', 1);
    for (let i = 0; i < 4; i++) {
      await nextTurn();
      expect(engine.stats()).toMatchObject({ tasks: { waiting: 1, running: 0 }, retries: { waiting: 1 } });
      expect(handle.state).toBe('pending');
      clock.advance(150);
    }
    expect(await handle.outcome).toMatchObject({ status: 'failed' });
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([50, 100, 150, 150]);
    expect(clock.pending).toBe(0);
  });

  it('may come from a function of the number of failures and of the error', async () => {
    const clock = new ManualClock();
    const asked: unknown[] = [];
    const backoff = (attempt: number, error: TaskError) => {
      asked.push([attempt, (error.cause as Error).message]);
      return attempt * 1_000;
    };
    const { agent } = failingTimes('flaky', 2, { retry: { attempts: 3, backoff } });
    await using engine = await engineOf([agent], { clock });
    const handle = engine.submit('flaky', 'done');
    await nextTurn();
    clock.advance(1_000);
    await nextTurn();
    clock.advance(2_000);
    expect(await handle.outcome).toMatchObject({
      value: 'done',
      timing: { waitMs: 3_000, serviceMs: 0, totalMs: 3_000 },
    });
    expect(asked).toEqual([
      [1, 'call 1'],
      [2, 'call 2'],
    ]);
  });

  it('is at least what a busy upstream asks for', async () => {
    const clock = new ManualClock();
    const busy = () => new UpstreamBusyError('slow down', { retryAfterMs: 5_000 });
    const { agent } = failingTimes('flaky', 1, { retry: { attempts: 2, baseMs: 10 } }, busy);
    await using engine = await engineOf([agent], { clock });
    const retries = heard(engine, 'retry');
    const handle = engine.submit('flaky', 1);
    await nextTurn();
    expect(retries).toMatchObject([{ code: 'UPSTREAM_BUSY', delayMs: 5_000 }]);
    clock.advance(5_000);
    expect(await handle.outcome).toMatchObject({ status: 'completed' });
  });

  it('takes no place of the agent, but one of the queue', async () => {
    const clock = new ManualClock();
    const flaky = failingTimes('flaky', 1, { limit: 1, retry: { attempts: 2, baseMs: 1_000 } });
    await using engine = await engineOf([flaky.agent], {
      clock,
      random: () => 0.9,
      queue: { limit: 1 },
      admission: { policy: 'none' },
    });
    const first = engine.submit('flaky', 'first');
    await nextTurn();
    expect(engine.stats().agents[0]!.inFlight).toBe(0);
    expect(await engine.submit('flaky', 'second').outcome).toMatchObject({
      status: 'rejected',
      error: { reason: 'queue-full' },
    });
    clock.advance(1_000);
    expect(await first.outcome).toMatchObject({ value: 'first' });
    expect(await engine.submit('flaky', 'third').outcome).toMatchObject({ value: 'third' });
  });

  it('can be ended by cancel, by a signal and by close', async () => {
    const clock = new ManualClock();
    const { agent, state } = failingTimes('flaky', 99, { retry: { attempts: 2, baseMs: 1_000 } });
    const engine = await engineOf([agent], { clock });
    const caller = new AbortController();
    const handles = [
      engine.submit('flaky', 1),
      engine.submit('flaky', 2, { signal: caller.signal }),
      engine.submit('flaky', 3),
    ];
    await nextTurn();
    expect(engine.stats().retries.waiting).toBe(3);
    expect(handles[0]!.cancel('never mind')).toBe(true);
    expect(handles[0]!.cancel()).toBe(false);
    caller.abort();
    const closed = engine.close({ timeoutMs: 5 });
    await nextTurn();
    clock.advance(5);
    await closed;
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    expect(outcomes).toMatchObject([
      { status: 'cancelled', reason: 'cancelled', agent: 'flaky' },
      { status: 'cancelled', reason: 'cancelled' },
      { status: 'cancelled', reason: 'shutdown' },
    ]);
    for (const { attempts } of outcomes) expect(attempts).toHaveLength(1);
    expect(engine.stats()).toMatchObject({ tasks: { cancelled: 3, waiting: 0 }, retries: { waiting: 0 } });
    expect(state.calls).toBe(3);
    expect(clock.pending).toBe(0);
  });

  it('lets the priority be changed, which counts once it is over', async () => {
    const clock = new ManualClock();
    const order: unknown[] = [];
    const gate = deferred();
    const agent = ioAgent('flaky', {
      limit: 1,
      retry: { attempts: 2, backoff: 'constant', baseMs: 1_000 },
      run: async (input: string) => {
        order.push(input);
        if (order.length <= 2) throw new Error('first time');
        if (input === 'plug') await gate.promise;
      },
    });
    await using engine = await engineOf([agent], { clock, admission: { policy: 'none' } });
    const low = engine.submit('flaky', 'low');
    const raised = engine.submit('flaky', 'raised');
    await nextTurn();
    const plug = engine.submit('flaky', 'plug');
    await nextTurn();
    expect(raised.reprioritize('high')).toBe(true);
    clock.advance(1_000);
    gate.resolve();
    await Promise.all([low.outcome, raised.outcome, plug.outcome]);
    expect(order).toEqual(['low', 'raised', 'plug', 'raised', 'low']);
  });

  it('puts the task before those that came later than it', async () => {
    const clock = new ManualClock();
    const order: unknown[] = [];
    const gate = deferred();
    const agent = ioAgent('flaky', {
      limit: 1,
      retry: { attempts: 2, backoff: 'constant', baseMs: 500 },
      run: async (input: string) => {
        order.push(input);
        if (order.length === 1) throw new Error('first time');
        if (input === 'plug') await gate.promise;
      },
    });
    await using engine = await engineOf([agent], { clock, admission: { policy: 'none' } });
    const handles = ['old', 'plug', 'new', 'newer'].map((input) => engine.submit('flaky', input));
    await nextTurn();
    clock.advance(500);
    gate.resolve();
    await Promise.all(handles.map((handle) => handle.outcome));
    expect(order).toEqual(['old', 'plug', 'old', 'new', 'newer']);
  });

  it('is not for those that the shutdown finds running', async () => {
    const { promise: never } = deferred();
    const agent = ioAgent('stuck', { run: () => never, retry: { attempts: 3, baseMs: 0 } });
    const engine = await engineOf([agent]);
    const handle = engine.submit('stuck', 1);
    await nextTurn();
    await engine.close({ timeoutMs: 1 });
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject({ status: 'cancelled', reason: 'shutdown' });
    expect(outcome.attempts).toMatchObject([{ agent: 'stuck', error: undefined }]);
    expect(engine.stats().agents[0]).toMatchObject({ retries: 0, counts: { failed: 0, cancelled: 1 } });
  });
});
