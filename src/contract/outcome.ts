import type { CancelledError, OverloadError, TaskError } from './errors.ts';

/** Why a task was cut short. The reasons stay apart so that a caller can tell its own abort from ours. */
export type AbortReason = 'cancelled' | 'timeout' | 'shutdown' | 'lease-lost' | 'worker-lost';

/** How long a task took, in milliseconds. `serviceMs` is 0 for a task that never ran. */
export interface Timing {
  /** From submit to the start of the attempt. */
  readonly waitMs: number;
  /** From the start of the attempt to its end, on the thread that ran it. */
  readonly serviceMs: number;
  /** From submit to the outcome being known to the caller. */
  readonly totalMs: number;
}

interface OutcomeBase {
  readonly taskId: string;
  /** The agent that ran the task; `undefined` if none was chosen yet. */
  readonly agent: string | undefined;
  readonly timing: Timing;
}

/** What a task ended as. Every submitted task ends as exactly one of these. */
export type Outcome<T = unknown> =
  | (OutcomeBase & { readonly status: 'completed'; readonly value: T })
  | (OutcomeBase & { readonly status: 'failed'; readonly error: TaskError })
  | (OutcomeBase & {
      readonly status: 'cancelled';
      readonly reason: AbortReason;
      readonly error: CancelledError;
    })
  | (OutcomeBase & { readonly status: 'rejected'; readonly error: OverloadError });
