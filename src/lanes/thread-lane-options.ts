import type { ResourceLimits } from 'node:worker_threads';
import type { Arbiter } from '../sync/arbiter.ts';
import type { BatchBounds } from './batch-draft.ts';

/** What a lane of threads is made of. */
export interface ThreadLaneOptions extends BatchBounds {
  readonly arbiter: Arbiter;
  /** Threads that stay, and how many there may be at most. */
  readonly min: number;
  readonly max: number;
  readonly resourceLimits?: ResourceLimits;
  readonly startTimeoutMs: number;
  /** Of agents that name none. */
  readonly stallMs: number | undefined;
  /** How often a busy thread publishes its memory, in milliseconds. */
  readonly memoryEveryMs: number;
}
