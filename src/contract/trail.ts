import type { TaskError } from './errors.ts';
import { BOUNDS } from './option-values.ts';
import type { Attempt } from './outcome.ts';
import type { NoRetryReason } from './retry.ts';
import type { TaskTarget } from './task.ts';

/**
 * What has become of a task so far, kept from its first failure on if it may go on after one. Most tasks never have one.
 *
 * ```
 *  tries of the agent  ─ failed for good ─►  origin  ─ step of the fallback ─►  its tries ─►  later …
 * ```
 */
export class Trail {
  /** Oldest first. */
  readonly attempts: Attempt[] = [];
  /** Attempts that have ended; an attempt that finds it changed is no longer the task's. */
  made = 0;
  /** Of these, those of the agent that has the task now. */
  tries = 0;
  /** When the task joined a queue for the attempt that comes, on the engine's clock. */
  queuedAtMs: number;
  /** What the agent that was asked for failed with; set once the fallback has begun. */
  origin: TaskError | undefined = undefined;
  /** Where the task was submitted to; set with `origin`. */
  from: TaskTarget | undefined = undefined;
  /** What the steps of the fallback failed with. */
  readonly later: TaskError[] = [];
  /** Steps of the fallback that are left, for the room that takes them. */
  chain: object | undefined = undefined;

  constructor(queuedAtMs: number) {
    this.queuedAtMs = queuedAtMs;
  }

  add(attempt: Attempt): void {
    this.made++;
    this.tries++;
    if (this.attempts.push(attempt) > BOUNDS.listedAttempts) this.attempts.shift();
  }

  /** Says of the last attempt why no other follows. */
  markLast(noRetry: NoRetryReason): void {
    const last = this.attempts.pop();
    if (last !== undefined) this.attempts.push({ ...last, noRetry });
  }
}
