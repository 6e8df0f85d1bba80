import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskError, type TaskErrorCode } from '../../src/contract/errors.ts';
import type { RetryOptions } from '../../src/contract/retry.ts';
import { type FailedTry, planRetry } from '../../src/dispatch/retry-policy.ts';

const errorOf = (code: TaskErrorCode) => new TaskError(code, 'task-1', 'a', 'failed', { cause: new Error() });
const failed = (fields: Partial<FailedTry> = {}): FailedTry => ({
  error: errorOf('HANDLER_FAILED'),
  tries: 1,
  isIdempotent: true,
  hasMoved: false,
  busyMs: 0,
  leftMs: Number.POSITIVE_INFINITY,
  ...fields,
});
const half = () => 0.5;

describe('the plan after a failed attempt', () => {
  it.each<TaskErrorCode>(['HANDLER_FAILED', 'TIMEOUT', 'UPSTREAM_BUSY', 'WORKER_LOST'])(
    'is another one after %s',
    (code) => {
      expect(planRetry({ attempts: 2 }, failed({ error: errorOf(code) }), half).kind).toBe('retry');
    },
  );

  it.each<TaskErrorCode>([
    'CANCELLED',
    'DEADLINE',
    'AGENT_FAILED',
    'AGENT_REMOVED',
    'INPUT_INVALID',
    'INPUT_NOT_CLONEABLE',
    'RESULT_NOT_CLONEABLE',
  ])('is none after %s', (code) => {
    const plan = planRetry({ attempts: 2 }, failed({ error: errorOf(code) }), half);
    expect(plan).toEqual({ kind: 'end', because: 'not-retryable' });
  });

  it('is none for an agent that is not idempotent once its thread has died', () => {
    const lost = failed({ error: errorOf('WORKER_LOST'), isIdempotent: false });
    expect(planRetry({ attempts: 2 }, lost, half)).toEqual({ kind: 'end', because: 'not-idempotent' });
    const threw = failed({ isIdempotent: false });
    expect(planRetry({ attempts: 2 }, threw, half).kind).toBe('retry');
  });

  it('waits any time up to a bound that doubles with every failure', () => {
    const policy = { attempts: 20, baseMs: 100, maxMs: 1_000 };
    const delays = [1, 2, 3, 4, 5, 19].map((tries) => planRetry(policy, failed({ tries }), half));
    expect(delays).toMatchObject([50, 100, 200, 400, 500, 500].map((delayMs) => ({ delayMs })));
  });

  it('waits by the defaults where nothing is said, or undefined', () => {
    expect(planRetry({ attempts: 2 }, failed(), () => 0.999)).toMatchObject({ delayMs: 99.9 });
    const unsaid = { attempts: 99, baseMs: undefined, maxMs: undefined, backoff: undefined } as never;
    expect(planRetry(unsaid, failed({ tries: 50 }), half)).toMatchObject({ delayMs: 15_000 });
    const longBase: RetryOptions = { attempts: 2, backoff: 'constant', baseMs: 60_000 };
    expect(planRetry(longBase, failed(), half)).toMatchObject({ delayMs: 60_000 });
  });

  it('never waits less than the upstream asks for, nor past the deadline', () => {
    const policy: RetryOptions = { attempts: 2, backoff: 'constant', baseMs: 10 };
    expect(planRetry(policy, failed({ busyMs: 700 }), half)).toMatchObject({ delayMs: 700 });
    const late = failed({ busyMs: 700, leftMs: 700 });
    expect(planRetry(policy, late, half)).toEqual({ kind: 'end', because: 'deadline' });
  });

  it('of any policy is a finite wait within its bounds, or a reason', () => {
    const policies = fc.record({
      attempts: fc.integer({ min: 1, max: 1_000 }),
      backoff: fc.constantFrom('exponential' as const, 'constant' as const),
      baseMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
      maxMs: fc.double({ min: 1_000, max: 100_000, noNaN: true }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 1_000 }), random, (policy, tries, drawn) => {
        const plan = planRetry(policy, failed({ tries }), () => drawn);
        if (tries >= policy.attempts) expect(plan).toEqual({ kind: 'end', because: 'attempts-used' });
        else expect((plan as { delayMs: number }).delayMs).toBeLessThanOrEqual(policy.maxMs);
      }),
    );
  });
});
