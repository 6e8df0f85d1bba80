import type { Random } from '../contract/clock.ts';
import type { TaskError, TaskErrorCode } from '../contract/errors.ts';
import { isNonRetryable } from '../contract/non-retryable.ts';
import { describe } from '../contract/option-issue.ts';
import { BOUNDS } from '../contract/option-values.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { NoRetryReason, RetryOptions } from '../contract/retry.ts';
import { describeThrown } from '../contract/thrown.ts';

/** What is known of an attempt that failed. */
export interface FailedTry {
  readonly error: TaskError;
  /** Attempts of this agent that have failed, this one included. */
  readonly tries: number;
  readonly isIdempotent: boolean;
  /** Its input was moved to the thread that it ran on. */
  readonly hasMoved: boolean;
  /** How long the upstream wants to be left alone, in milliseconds; 0 for not at all. */
  readonly busyMs: number;
  /** Time left until the deadline, in milliseconds; `Infinity` without one. */
  readonly leftMs: number;
}

export type RetryPlan =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'end'; readonly because: NoRetryReason }
  /** A function of the policy failed: `thrown` is what it threw, or an error that says what it gave. */
  | { readonly kind: 'broken'; readonly because: 'when-failed' | 'backoff-failed'; readonly thrown: unknown };

/** Errors that another attempt may not meet again. */
const PASSING: ReadonlySet<TaskErrorCode> = new Set<TaskErrorCode>([
  'HANDLER_FAILED',
  'TIMEOUT',
  'UPSTREAM_BUSY',
  'WORKER_LOST',
  'STALLED',
]);

/** Whether and when a task is tried again. Depends on nothing but its arguments, and on the functions of the policy. */
export function planRetry(policy: RetryOptions, failed: FailedTry, random: Random): RetryPlan {
  const { error, tries } = failed;
  if (!PASSING.has(error.code) || isNonRetryable(error.cause)) return end('not-retryable');
  const isCutShort = error.code === 'WORKER_LOST' || error.code === 'STALLED';
  if (isCutShort && !failed.isIdempotent) return end('not-idempotent');
  if (tries >= policy.attempts) return end('attempts-used');
  if (failed.hasMoved) return end('input-moved');
  try {
    if (policy.when !== undefined && policy.when(error) !== true) return end('refused');
  } catch (thrown) {
    return { kind: 'broken', because: 'when-failed', thrown };
  }
  try {
    const delayMs = Math.max(backoffMs(policy, tries, error, random), failed.busyMs);
    return delayMs < failed.leftMs ? { kind: 'retry', delayMs } : end('deadline');
  } catch (thrown) {
    return { kind: 'broken', because: 'backoff-failed', thrown };
  }
}

/**
 * Exponential backoff has full jitter: any time up to the bound, which spreads those that failed together best (Marc
 * Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015).
 */
function backoffMs(policy: RetryOptions, tries: number, error: TaskError, random: Random): number {
  const { backoff, baseMs, maxMs } = { ...DEFAULTS.retry, ...given(policy) };
  if (typeof backoff === 'function') return checked(backoff(tries, error));
  const boundMs = backoff === 'constant' ? baseMs : baseMs * 2 ** (tries - 1);
  // A base above the default bound says what is wanted.
  const cutMs = Math.min(boundMs, Math.max(maxMs, baseMs));
  return backoff === 'constant' ? cutMs : random() * cutMs;
}

/** An option that is there as `undefined` is left to its default. */
function given({ backoff, baseMs, maxMs }: RetryOptions): Pick<RetryOptions, 'backoff' | 'baseMs' | 'maxMs'> {
  return {
    ...(backoff !== undefined && { backoff }),
    ...(baseMs !== undefined && { baseMs }),
    ...(maxMs !== undefined && { maxMs }),
  };
}

function checked(delayMs: unknown): number {
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= BOUNDS.timeoutMs) return delayMs;
  throw new RangeError(
    `expected a number of milliseconds from 0 to ${BOUNDS.timeoutMs}, got ${describe(delayMs)}`,
  );
}

function end(because: NoRetryReason): RetryPlan {
  return { kind: 'end', because };
}

/** What a backoff function did wrong, as it stands in the message of the task's error. */
export function explainBackoff(agent: string, thrown: unknown): string {
  const why = thrown instanceof RangeError ? thrown.message : describeThrown(thrown);
  return `agent "${agent}": retry.backoff: ${why}`;
}
