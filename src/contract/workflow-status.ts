import type { RunStatus, StepError, StepStatus } from './workflow.ts';

/** How many steps are where. `total` is the sum of all others. */
export interface StepCounts {
  readonly total: number;
  /** Not started, or waiting for another attempt. */
  readonly pending: number;
  readonly active: number;
  /** Waiting for a person. */
  readonly parked: number;
  readonly completed: number;
  readonly skipped: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** How many items of a map are where. */
export interface ItemCounts {
  /** `undefined` while its source has more to give. */
  readonly total: number | undefined;
  readonly completed: number;
  readonly failed: number;
  /** Waiting for a person. */
  readonly parked: number;
}

/** How far a nested workflow is. */
export interface NestedStatus {
  /** The item of a map, or the turn of a loop, that it does; `undefined` for a step's. */
  readonly item?: number;
  readonly status: WorkflowStatus;
}

/** How far one step is. */
export interface StepProgress {
  readonly step: string;
  readonly kind: 'task' | 'map' | 'reduce' | 'loop' | 'wait';
  readonly status: StepStatus;
  /** Who does the work, in words: `agent writer`, `capability research`, `function`, `signal go`. */
  readonly who: string;
  /** Attempts by the workflow so far; 0 before the first. */
  readonly attempt: number;
  /** How long it took, or has been under way, in milliseconds; `undefined` for one that has not run. */
  readonly ms: number | undefined;
  /** Only of a map that was started. */
  readonly items: ItemCounts | undefined;
  /** Turns that a loop has made. */
  readonly turns: number | undefined;
  /** Why it failed, was skipped or cancelled, or what it asks of a person. */
  readonly reason: string | undefined;
  /** The workflow that does its work: of a map and a loop those under way, the first 100; of a step the last one. */
  readonly nested: readonly NestedStatus[];
}

/** A step, or an item of a map, that waits for `run.answer()`. */
export interface Parked {
  readonly step: string;
  readonly item?: number;
  /** What a person is asked. */
  readonly ask?: string;
  /** What it failed of. */
  readonly error?: StepError;
}

/**
 * Why a step holds the rest back: `limit`: its map, or the workflow, may have no more under way (`concurrency`), and the
 * agent could take more; `shed`: the engine turns its tasks away; `failed`: it waits for its next attempt; `slow`: its
 * work takes the time that it takes; or somebody has to say something.
 */
export type BottleneckReason =
  | 'limit'
  | 'shed'
  | 'slow'
  | 'failed'
  | 'waiting-for-person'
  | 'waiting-for-signal';

export interface Bottleneck {
  readonly step?: string;
  /** An agent, or a capability. */
  readonly agent?: string;
  readonly why: BottleneckReason;
}

/** When a run is expected to end: milliseconds since the epoch. Nine times of ten between `lowMs` and `highMs`, if work goes on as it went. */
export interface Completion {
  readonly atMs: number;
  readonly lowMs: number;
  readonly highMs: number;
}

/** How far a run is. A picture of one moment. */
export interface WorkflowStatus {
  readonly run: string;
  readonly workflow: string;
  readonly state: RunStatus;
  /**
   * 0 to 100 by measured and expected durations. Never falls while the run goes on, and is 100 only when it has ended.
   * (A run that had ended and is opened again, by `retry`, starts over.)
   */
  readonly percent: number;
  /** Since the start, in milliseconds of wall time. */
  readonly elapsedMs: number;
  readonly counts: StepCounts;
  /** In the order of definition. */
  readonly steps: readonly StepProgress[];
  /** What waits for a person: the first 1,000. */
  readonly parked: readonly Parked[];
  /** Items, and steps that are not maps, that ended in the last 5 s, per second. */
  readonly perSecond: number;
  /** `undefined` while too little is known, and while nothing goes on. */
  readonly completion: Completion | undefined;
  /** What holds the rest back; `undefined` while nothing is to go on. */
  readonly bottleneck: Bottleneck | undefined;
  /** The steps on the longest way to the end, from those that can run now. */
  readonly criticalPath: readonly string[];
}
