import { describe, expect, it, vi } from 'vitest';
import { NonRetryableError, type RetryOptions, TaskError } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { failingOnThreads, failingTimes, heard, noRetries, sumOf } from '../fixtures/failing.ts';

vi.setConfig({ testTimeout: 60_000 });
const atOnce: RetryOptions = { attempts: 3, backoff: 'constant', baseMs: 0 };

describe('a task whose attempt fails', () => {
  it('is tried again until it succeeds, and lists what was tried', async () => {
    const { agent, state } = failingTimes('flaky', 2, { retry: atOnce });
    await using engine = await engineOf([agent]);
    const retries = heard(engine, 'retry');
    const beforeMs = Date.now();
    const outcome = await engine.submit('flaky', 'in').outcome;
    expect(outcome).toMatchObject({ status: 'completed', agent: 'flaky', value: 'in' });
    expect(outcome.attempts).toMatchObject([
      { agent: 'flaky', lane: 'loop', threadId: undefined, error: { code: 'HANDLER_FAILED' } },
      { error: { cause: { message: 'call 2' } }, noRetry: undefined, fallback: undefined },
      { agent: 'flaky', error: undefined },
    ]);
    for (const { startedAtMs, durationMs } of outcome.attempts) {
      expect(startedAtMs).toBeGreaterThan(beforeMs - 50);
      expect(startedAtMs).toBeLessThan(Date.now() + 50);
      expect(durationMs).toBeGreaterThanOrEqual(0);
    }
    expect(state.calls).toBe(3);
    expect(retries).toMatchObject([
      { taskId: outcome.taskId, agent: 'flaky', attempt: 1, code: 'HANDLER_FAILED', delayMs: 0 },
      { attempt: 2 },
    ]);
    expect(engine.stats()).toMatchObject({
      tasks: { submitted: 1, completed: 1, failed: 0 },
      retries: { waiting: 0, made: 2, denied: 0 },
      agents: [{ counts: { completed: 1, failed: 2 }, retries: 2, inFlight: 0 }],
    });
  });

  it('fails with the last error when all its attempts have failed', async () => {
    const { agent } = failingTimes('flaky', 9, { retry: atOnce });
    await using engine = await engineOf([agent]);
    const outcome = await engine.submit('flaky', 1).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { cause: { message: 'call 3' } } });
    expect(noRetries(outcome)).toEqual([undefined, undefined, 'attempts-used']);
    await expect(engine.run('flaky', 1)).rejects.toThrow('call 6');
  });

  it('is tried once where nothing else is said, and lists that attempt', async () => {
    const { agent } = failingTimes('flaky', 1);
    await using engine = await engineOf([agent]);
    const outcome = await engine.submit('flaky', 1).outcome;
    expect(outcome.attempts).toMatchObject([{ agent: 'flaky', error: { code: 'HANDLER_FAILED' } }]);
    expect(outcome.attempts[0]!.durationMs).toBe(outcome.timing.serviceMs);
    const next = await engine.submit('flaky', 2).outcome;
    expect(next.attempts).toMatchObject([{ agent: 'flaky', lane: 'loop', error: undefined }]);
    expect(JSON.parse(JSON.stringify(next))).toMatchObject({ value: 2, attempts: [{ agent: 'flaky' }] });
  });

  it("follows the policy of the caller in place of the agent's", async () => {
    const { agent, state } = failingTimes('flaky', 99, { retry: atOnce });
    await using engine = await engineOf([agent]);
    await engine.submit('flaky', 1, { retry: { attempts: 1 } }).outcome;
    expect(state.calls).toBe(1);
    await engine.submit('flaky', 1, { retry: { ...atOnce, attempts: 5 } }).outcome;
    expect(state.calls).toBe(6);
    const outcomes = engine.stream('flaky', [1], { retry: { ...atOnce, attempts: 2 } });
    for await (const outcome of outcomes) expect(outcome.attempts).toHaveLength(2);
    expect(state.calls).toBe(8);
  });

  it('lists the last hundred attempts if there were more', async () => {
    const { agent } = failingTimes('flaky', 999, { retry: { ...atOnce, attempts: 150 } });
    await using engine = await engineOf([agent], { retryBudget: { minimum: 200 } });
    const { attempts } = await engine.submit('flaky', 1).outcome;
    expect(attempts).toHaveLength(100);
    expect(attempts.at(-1)).toMatchObject({ error: { cause: { message: 'call 150' } } });
  });

  it('on a thread is tried again there, with the thread in the list', async () => {
    await using engine = await engineOf([onThreads('throwAsync', { retry: atOnce }), onThreads('echo')]);
    const { attempts } = await engine.submit('throwAsync', 'typed').outcome;
    const [thread] = engine.stats().threads;
    expect(attempts).toMatchObject(
      Array.from({ length: 3 }, () => ({ lane: 'threads', threadId: thread!.threadId })),
    );
    const { attempts: single } = await engine.submit('echo', 1).outcome;
    expect(single).toMatchObject([{ agent: 'echo', lane: 'threads', threadId: thread!.threadId }]);
  });
});

describe('an error that comes again', () => {
  it.each([
    ['a NonRetryableError', () => new NonRetryableError('bad key')],
    [
      'one derived from it',
      () => new (class BadKey extends NonRetryableError {})('bad key', { cause: new Error('401') }),
    ],
    ['one that only has its name', () => Object.assign(new Error('bad key'), { name: 'NonRetryableError' })],
  ])('is not retried: %s', async (_name, error) => {
    const { agent, state } = failingTimes('flaky', 9, { retry: atOnce }, error);
    await using engine = await engineOf([agent]);
    const outcome = await engine.submit('flaky', 1).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'HANDLER_FAILED' } });
    expect(noRetries(outcome)).toEqual(['not-retryable']);
    expect(state.calls).toBe(1);
  });

  it('is known when it comes from a thread', async () => {
    await using engine = await engineOf([failingOnThreads('throwNonRetryable', { retry: atOnce })]);
    const outcome = await engine.submit('throwNonRetryable', 1).outcome;
    expect(outcome).toMatchObject({
      error: { cause: { name: 'NonRetryableError', message: 'never again' } },
    });
    expect(noRetries(outcome)).toEqual(['not-retryable']);
  });

  it('is one that cannot be sent, or does not suit the schema', async () => {
    await using engine = await engineOf([onThreads('echo', { retry: atOnce })]);
    const outcome = await engine.submit('echo', () => 1).outcome;
    expect(outcome).toMatchObject({ error: { code: 'INPUT_NOT_CLONEABLE' } });
    expect(noRetries(outcome)).toEqual(['not-retryable']);
  });

  it('is one of which the predicate says so', async () => {
    const seen: unknown[] = [];
    const when = (error: TaskError) => {
      seen.push(error);
      return (error.cause as Error).message === 'call 1';
    };
    const { agent } = failingTimes('flaky', 9, { retry: { ...atOnce, when } });
    await using engine = await engineOf([agent]);
    expect(noRetries(await engine.submit('flaky', 1).outcome)).toEqual([undefined, 'refused']);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBeInstanceOf(TaskError);
  });
});

describe('a policy whose functions fail', () => {
  it('keeps the error of the task if the predicate throws, and reports what it threw', async () => {
    const thrown = new Error('predicate');
    const when = () => {
      throw thrown;
    };
    const { agent, state } = failingTimes('flaky', 9, { retry: { ...atOnce, when } });
    await using engine = await engineOf([agent]);
    const errors = heard(engine, 'listenerError');
    const outcome = await engine.submit('flaky', 1).outcome;
    expect(outcome).toMatchObject({ error: { code: 'HANDLER_FAILED', cause: { message: 'call 1' } } });
    expect(noRetries(outcome)).toEqual(['when-failed']);
    expect(errors).toEqual([{ event: 'retry.when of agent "flaky"', error: thrown }]);
    expect(state.calls).toBe(1);
  });

  it.each<[string, () => unknown, string]>([
    ['NaN', () => Number.NaN, 'got NaN'],
    ['a negative number', () => -1, 'got -1'],
    ['Infinity', () => Number.POSITIVE_INFINITY, 'got Infinity'],
    ['nothing', () => undefined, 'got undefined'],
    ['a promise', async () => 5, 'got Promise'],
    [
      'an error that it throws',
      () => {
        throw new TypeError('no idea');
      },
      'TypeError: no idea',
    ],
  ])('fails the task with a clear error if the backoff gives %s', async (_name, backoff, why) => {
    const { agent } = failingTimes('flaky', 9, { retry: { attempts: 3, backoff: backoff as () => number } });
    await using engine = await engineOf([agent]);
    const outcome = await engine.submit('flaky', 1).outcome;
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'BACKOFF_INVALID', agent: 'flaky', cause: { code: 'HANDLER_FAILED' } },
    });
    expect((outcome as { error: Error }).error.message).toContain('agent "flaky": retry.backoff: ');
    expect((outcome as { error: Error }).error.message).toContain(why);
    expect(noRetries(outcome)).toEqual(['backoff-failed']);
    expect(sumOf(engine.stats())).toBe(1);
  });

  it('may cancel the task that it is asked about', async () => {
    const when = () => handle.cancel('enough');
    const { agent } = failingTimes('flaky', 9, { retry: { ...atOnce, when } });
    await using engine = await engineOf([agent]);
    const handle = engine.submit('flaky', 1);
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject({ status: 'cancelled', reason: 'cancelled', error: { cause: 'enough' } });
    expect(engine.stats()).toMatchObject({ tasks: { running: 0, waiting: 0, cancelled: 1 } });
    expect(engine.stats().agents[0]!.inFlight).toBe(0);
  });
});
