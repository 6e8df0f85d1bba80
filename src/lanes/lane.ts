import type { Task } from '../contract/task.ts';
import type { BatchDraft } from './batch-draft.ts';

/** What a lane tells the dispatcher. Times are on the process's monotonic axis, in milliseconds. */
export interface LaneReport {
  /** The handler returned. */
  completed(task: Task, value: unknown, startedAtMs: number, endedAtMs: number): void;
  /** The handler threw, ran out of time, or was lost with its thread. */
  failed(task: Task, failure: Failure, startedAtMs: number, endedAtMs: number): void;
  /** The attempt of a task that had ended before (cancelled, out of time) has left its thread. */
  leftLane(task: Task): void;
  /** The task was handed over but never started; it goes back to where it stood. */
  returned(task: Task): void;
  /** The lane can take more. */
  roomMade(): void;
}

/** A lane that runs batches; how the dispatcher sees the threads. What `pick` gives is for `post` alone to know. */
export interface BatchLane {
  readonly draft: BatchDraft;
  /** Threads that take work. */
  readonly readyThreads: number;
  /** Threads with nothing to do. */
  readonly idleThreads: number;
  /** The thread that should get the next batch, or `undefined` if all have enough. */
  pick(nowMs: number): object | undefined;
  /** Makes room for a task of this level by taking back what has not started; whether there is some. */
  reclaim(headLevel: number, nowMs: number): boolean;
  /** Shares out again what threads have not started. */
  balance(): void;
  relieve(nowMs: number): boolean;
  /** Sends the draft. */
  post(thread: object, nowMs: number): void;
}

/** Why an attempt did not complete. */
export interface Failure {
  readonly code:
    | 'HANDLER_FAILED'
    | 'TIMEOUT'
    | 'WORKER_LOST'
    | 'STALLED'
    | 'INPUT_NOT_CLONEABLE'
    | 'RESULT_NOT_CLONEABLE';
  readonly cause: unknown;
  /** What was thrown escaped the handler, and has ended its thread. */
  readonly tookThread?: true;
}
