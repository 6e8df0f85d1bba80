import type { TaskState } from './handle.ts';

/** A task that has not ended, as `CancelFilter.where` sees it. Valid only during the call. */
export interface LiveTask {
  readonly id: string;
  readonly state: Extract<TaskState, 'pending' | 'running'>;
  /** The agent's name, or the capability, that was asked for. */
  readonly target: string | { readonly capability: string };
  /** The agent that runs it; `undefined` while it waits. */
  readonly agent: string | undefined;
  /** As an integer: `high` is 10, `normal` 0, `low` -10. */
  readonly priority: number;
  readonly tenant: string | undefined;
  /** Empty if it has none. */
  readonly tags: readonly string[];
  /** Since it was submitted, in milliseconds. */
  readonly ageMs: number;
  /** As the handler gets it. */
  readonly input: unknown;
}

/** Conditions on a task; all that are given have to hold. */
export interface TaskConditions {
  /** The id of one task. Costs the same however many there are; every other condition looks at all live tasks. */
  readonly id?: string;
  /** Runs on this agent, or waits for it by name. */
  readonly agent?: string;
  /** Was submitted for this capability, whichever agent runs it. */
  readonly capability?: string;
  /** Integers, both included: `high` is 10, `normal` 0, `low` -10. */
  readonly priority?: { readonly min?: number; readonly max?: number };
  readonly tenant?: string;
  /** Has this tag, beside others or alone. */
  readonly tag?: string;
  /**
   * Is asked last, about tasks that meet all other conditions, and about all of them before the first is cancelled. If it
   * throws, or returns anything but true and false, nothing is cancelled.
   */
  readonly where?: (task: LiveTask) => boolean;
}

/** What to cancel: at least one condition, or `{ all: true }` for everything that has not ended. */
export type CancelFilter = TaskConditions | { readonly all: true };

export interface CancelOptions {
  /** Becomes the `cause` of each task's `CancelledError`. Default: none. */
  readonly reason?: unknown;
  /**
   * How long a handler on a thread may go on after it was told to stop, in milliseconds, before its thread is taken; 0 or
   * more. Threads are looked at every 20 ms. Default: the agent's `graceMs`.
   */
  readonly graceMs?: number;
}

/** Steps of a workflow's run that wait for what was cancelled. */
export interface DependentSteps {
  /** The id of the run. */
  readonly run: string;
  /**
   * Names of steps that have not begun and need the output of a cancelled task, or of a step that does, to the last one. What
   * becomes of them is as they are defined: they are not run, or run without it.
   */
  readonly steps: readonly string[];
}

/** What `engine.cancel` has done. Every task in it has the outcome `cancelled` by the time that it returns. */
export interface CancelResult {
  /** Ids in the order in which the tasks were submitted; the first 10,000. */
  readonly cancelled: readonly string[];
  /** How many were cancelled: `waiting` and `running` together. */
  readonly total: number;
  /** How many of them waited. */
  readonly waiting: number;
  /** How many of them an agent had already; on a thread, those that were next in its batch are among them. */
  readonly running: number;
  /**
   * What that affects: one entry for each run of a workflow in which steps wait for a cancelled task, the first 10,000. A run
   * inside of another counts for both. Empty for tasks of no workflow.
   */
  readonly dependents: readonly DependentSteps[];
  /**
   * Only with a filter that has an `id`. What became of that task: `cancelled` now; `ended` before, in whatever way; `kept`
   * because another condition does not hold; or `unknown`, because this engine has never given that id.
   */
  readonly named?: 'cancelled' | 'ended' | 'kept' | 'unknown';
}
