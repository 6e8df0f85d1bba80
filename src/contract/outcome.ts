import type { CancelledError, OverloadError, TaskError } from './errors.ts';
import type { Degraded } from './fallback.ts';
import type { NoRetryReason } from './retry.ts';
import type { UsageTotals } from './stats.ts';

/** Why a task was cut short. The reasons stay apart so that a caller can tell its own abort from ours. */
export type AbortReason = 'cancelled' | 'timeout' | 'shutdown' | 'lease-lost' | 'worker-lost';

/**
 * How long a task took, in milliseconds. Of a task with several attempts `waitMs` and `serviceMs` are those of the last
 * one: attempts that failed before it, and the waits between them, are part of its wait.
 */
export interface Timing {
  /** From submit to the start of the attempt. */
  readonly waitMs: number;
  /** From the start of the attempt to its end, on the thread that ran it. 0 for a task that never ran. */
  readonly serviceMs: number;
  /** From submit to the outcome being known to the caller. */
  readonly totalMs: number;
}

/** One execution of a task. */
export interface Attempt {
  /** The agent that ran it; for a function of a fallback, the agent whose fallback it is. */
  readonly agent: string;
  readonly lane: 'threads' | 'loop';
  /** As Node.js numbers its worker threads; `undefined` on the loop lane. */
  readonly threadId: number | undefined;
  /** In milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** `undefined` if it completed, or if it was cut short by `cancel` or by shutdown, which is no error of the task. */
  readonly error: TaskError | undefined;
  /** Why it was not tried again, if it failed and there is a retry policy. */
  readonly noRetry: NoRetryReason | undefined;
  /** Whether an agent or a function of the fallback made it; `undefined` if it was the agent that was asked for. */
  readonly fallback: 'agent' | 'function' | undefined;
}

interface OutcomeBase {
  readonly taskId: string;
  /** The agent that ran the task last; `undefined` if none was chosen yet. */
  readonly agent: string | undefined;
  readonly timing: Timing;
  /**
   * What its handlers have reported with `ctx.usage()`, all attempts together; cost by price where they named none, and
   * with the price of each call. Only if they have reported something before the task ended.
   */
  readonly usage?: UsageTotals;
  /**
   * What was tried, in order; the last 100 if there were more. Empty for a task that never ran. Made when it is read:
   * it is in `JSON.stringify(outcome)`, but not in `{ ...outcome }`.
   */
  readonly attempts: readonly Attempt[];
}

/** What a task ended as. Every submitted task ends as exactly one of these. */
export type Outcome<T = unknown> =
  | (OutcomeBase & {
      readonly status: 'completed';
      readonly value: T;
      /** Only if the value comes from the fallback. */
      readonly degraded?: Degraded;
    })
  | (OutcomeBase & { readonly status: 'failed'; readonly error: TaskError })
  | (OutcomeBase & {
      readonly status: 'cancelled';
      readonly reason: AbortReason;
      readonly error: CancelledError;
    })
  | (OutcomeBase & { readonly status: 'rejected'; readonly error: OverloadError });
