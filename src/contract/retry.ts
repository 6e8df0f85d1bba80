import type { TaskError } from './errors.ts';

/** How often a task is tried, and how long it waits in between. */
export interface RetryOptions {
  /** Attempts in all, the first one included: 1 means no retry, 1,000 is the most. */
  readonly attempts: number;
  /**
   * How long to wait before the next attempt. `exponential`: a random time up to `baseMs * 2^(n - 1)` after the n-th
   * failure ("full jitter", so that those that failed together do not come back together). `constant`: `baseMs`. Or a
   * function of how many attempts have failed and of the last error that gives milliseconds, at least 0; if it throws or
   * gives anything else, the task fails with the code BACKOFF_INVALID. An upstream that said when it wants to be asked
   * again is left alone for at least that long. Default `exponential`.
   */
  readonly backoff?: 'exponential' | 'constant' | ((attempt: number, error: TaskError) => number);
  /** Default 100. */
  readonly baseMs?: number;
  /** No wait of `exponential` or `constant` is longer than this, in milliseconds. Default 30,000. */
  readonly maxMs?: number;
  /**
   * Asked before each retry; false ends the task with the error. If it throws, nothing is retried and the engine
   * reports what it threw as `listenerError`. Default: all that may be retried is.
   */
  readonly when?: (error: TaskError) => boolean;
}

/**
 * What all retries of an engine may take together, so that they cannot keep up an overload that they are a consequence
 * of. Over a window they are at most `share` of the first attempts, and `minimum` more.
 */
export interface RetryBudgetOptions {
  /** Retries over first attempts, 0 to 1. Default 0.1. */
  readonly share?: number;
  /** Time over which both are counted, in milliseconds. Default 10,000. */
  readonly windowMs?: number;
  /** Retries a window that an engine without traffic may make, at least 0. Default 10. */
  readonly minimum?: number;
}

/** Why a failed attempt was not followed by another one, and what each reason means. */
export const NO_RETRY = {
  'attempts-used': 'it was the last one that the policy allows',
  'not-retryable': 'an error of this kind comes again, or the handler threw a NonRetryableError',
  'not-idempotent': 'its thread died, and the agent says that its tasks must not run twice',
  'input-moved': 'the input was moved to the thread by the option transfer, and went down with the attempt',
  refused: "the policy's `when` said no",
  'when-failed': "the policy's `when` threw",
  'backoff-failed': "the policy's `backoff` threw, or gave no number of milliseconds",
  budget: 'all retries together have reached their share of the traffic',
  deadline: 'the next attempt could not have started before the deadline',
} as const;

export type NoRetryReason = keyof typeof NO_RETRY;
