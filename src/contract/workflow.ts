import type { Priority } from './handle.ts';
import type { Usage } from './usage.ts';

/** What went wrong in a step or in one item of it. Plain data: it is kept in the journal. */
export interface StepError {
  /** Its name; of a step in a nested workflow its path, such as `research/3/fetch`: item 3 of `research`, there `fetch`. */
  readonly step: string;
  /** Which item of a map, or which turn of a loop; `undefined` for the step as a whole. */
  readonly item?: number;
  /** One of `ERROR_CODES`. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly suggestion: string;
  /** Whether another try has a chance. */
  readonly retryable: boolean;
}

/** Stands where a value is missing, so that it is never silently absent. `isMissing` tells. */
export interface Missing {
  readonly $missing: StepError;
}

/** Whether a value is the mark of one that is missing. */
export function isMissing(value: unknown): value is Missing {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$missing');
}

/** The states of a run. `paused` starts nothing new; `stopping` ends as `stopped` once all that runs has finished. */
export type RunStatus = 'running' | 'paused' | 'stopping' | 'stopped' | 'compensating' | 'ended';

/** The states of a step. `parked` waits for a person. */
export type StepStatus = 'waiting' | 'running' | 'parked' | 'succeeded' | 'skipped' | 'failed' | 'cancelled';

export interface WorkflowMetadata {
  /** From the start to the end, in milliseconds of wall time. */
  readonly ms: number;
  /** The agents that worked on it, sorted. */
  readonly agents: readonly string[];
  /** Tasks that ended, of all attempts. */
  readonly tasks: number;
  /** Steps and items that succeeded, of those that succeeded, failed or were cancelled, 0 to 1. */
  readonly successRate: number;
  /** What handlers reported. */
  readonly cost: Required<Usage>;
  /** Attempts of the workflow and of the engine beyond the first of each task. */
  readonly retries: number;
}

interface ResultBase {
  readonly metadata: WorkflowMetadata;
  /** What failed for good, also where something stands in for it; the first 1,000. */
  readonly errors: readonly StepError[];
  /** Steps that had succeeded and were undone, in the order in which that happened. */
  readonly compensated: readonly string[];
  /** What should have been undone and could not be. Somebody has to look at it. */
  readonly needsAttention: readonly StepError[];
}

/**
 * What a workflow ended as. `success`: every step gave what it should, or was skipped because its condition did not hold.
 * `failed`: the run was cancelled or ended by a failure, or none of the steps that no other takes gave anything. `partial`:
 * what lies between: something failed, was cancelled or skipped by a person, or something else stands in its place.
 *
 * `data` are the outputs of the steps that no other step takes, by name; of those that did not succeed, a `Missing`.
 */
export type WorkflowResult<D = unknown> = ResultBase &
  (
    | { readonly status: 'success'; readonly data: D }
    | { readonly status: 'partial' | 'failed'; readonly data: PartialData<D> }
  );

/** Of each value it may be that only its mark is there. */
export type PartialData<D> = { readonly [N in keyof D]: D[N] | Missing };

/** A step, or one item of a map, has ended. */
export interface StepResult {
  readonly step: string;
  readonly item?: number;
  readonly status: 'succeeded' | 'skipped' | 'failed' | 'cancelled';
  readonly value?: unknown;
  readonly error?: StepError;
}

/** Options of `engine.start`. */
export interface StartOptions {
  /** Names the run: starting it again gives the same run. Default: a new one. */
  readonly id?: string;
  /** Of all tasks, unless a step says otherwise. Default `normal`. */
  readonly priority?: Priority;
  readonly tenant?: string;
  readonly tags?: readonly string[];
  /** Cancels the run when it aborts. */
  readonly signal?: AbortSignal;
}
