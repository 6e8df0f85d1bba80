import type { StepError } from './workflow.ts';

/** Of every event: the form's version, its number in the run, and when it happened. */
export interface EventHead {
  readonly v: 1;
  readonly seq: number;
  /** Milliseconds since the epoch, with a fraction. */
  readonly atMs: number;
}

/** What the work of a step, or of items, has used, and what is to be told of the workflows inside of it. */
export interface Spent {
  /** Tasks that ended. */
  readonly tasks: number;
  readonly agents?: readonly string[];
  /** Attempts beyond the first. */
  readonly retries?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly costUsd?: number;
  /** Of steps of nested workflows that have ended as partial: `step` is their path. */
  readonly errors?: readonly StepError[];
  /** What nested workflows could not undo. */
  readonly needsAttention?: readonly StepError[];
}

/** Why something happened: by itself, or because somebody asked for it. */
export type Cause = 'user' | 'dependency' | 'condition' | 'failure' | 'timeout' | 'shutdown' | 'enough';

/** Everything that can happen to a run. Plain data; never changed once it is there. */
export type EventBody =
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly workflow: string;
      readonly hash: string;
      readonly input: unknown;
      readonly forkOf?: string;
      readonly forkFrom?: string;
    }
  /** Of a fork: what the run that it comes from had got, and does not get again. */
  | { readonly type: 'step-kept'; readonly step: string; readonly output: unknown }
  | { readonly type: 'step-started'; readonly step: string; readonly attempt: number }
  | {
      readonly type: 'step-succeeded';
      readonly step: string;
      readonly output: unknown;
      /** Of a map: what its neighbors make of items that failed. Columns: values[i] stands for item items[i]. */
      readonly standIns?: { readonly items: readonly number[]; readonly values: readonly unknown[] };
      readonly spent?: Spent;
    }
  | { readonly type: 'step-failed'; readonly step: string; readonly error: StepError; readonly spent?: Spent }
  /** The failed attempt is followed by another. */
  | {
      readonly type: 'step-retried';
      readonly step: string;
      readonly error: StepError;
      readonly spent?: Spent;
    }
  | {
      readonly type: 'step-skipped';
      readonly step: string;
      readonly cause: Cause;
      readonly error: StepError;
      readonly value?: unknown;
      readonly spent?: Spent;
    }
  | {
      readonly type: 'step-cancelled';
      readonly step: string;
      readonly cause: Cause;
      readonly error: StepError;
      readonly spent?: Spent;
    }
  | {
      readonly type: 'step-parked';
      readonly step: string;
      readonly error?: StepError;
      readonly ask?: string;
      readonly spent?: Spent;
    }
  /** Somebody has changed his mind about a step that had ended, or was parked: it runs again. */
  | { readonly type: 'step-reopened'; readonly step: string; readonly cause: Cause }
  | { readonly type: 'turn-ended'; readonly step: string; readonly output: unknown; readonly spent?: Spent }
  | { readonly type: 'timer-set'; readonly step: string; readonly dueAtMs: number }
  | {
      readonly type: 'items-ended';
      readonly step: string;
      /** Columns: values[i] is the output of item items[i]. */
      readonly items: readonly number[];
      readonly values: readonly unknown[];
      /** What each value counts as, if the map ends at a quorum. */
      readonly votes?: readonly string[];
      readonly failures: readonly StepError[];
      readonly spent?: Spent;
    }
  | { readonly type: 'item-parked'; readonly step: string; readonly item: number; readonly error: StepError }
  | { readonly type: 'item-answered'; readonly step: string; readonly item: number; readonly again: boolean }
  /** All items of the map are known. */
  | { readonly type: 'items-counted'; readonly step: string; readonly count: number }
  /** Outputs of a map, or parts made of them, that are neighbors became one part. `step` is the map. */
  | {
      readonly type: 'part-reduced';
      readonly step: string;
      readonly level: number;
      readonly position: number;
      readonly part: unknown;
      readonly spent?: Spent;
    }
  | { readonly type: 'signal-received'; readonly signal: string; readonly value: unknown }
  | { readonly type: 'run-paused' }
  | { readonly type: 'run-resumed' }
  | { readonly type: 'run-stopping' }
  | { readonly type: 'run-stopped' }
  /** Goes on in another process, or after a stop: what was running starts again. */
  | { readonly type: 'run-restarted'; readonly hash: string }
  /** From here on nothing new is started. */
  | { readonly type: 'run-failing'; readonly cause: 'failure' | 'cancelled' }
  | { readonly type: 'compensation-started' }
  | { readonly type: 'step-compensated'; readonly step: string; readonly spent?: Spent }
  | {
      readonly type: 'step-not-compensated';
      readonly step: string;
      readonly error: StepError;
      readonly spent?: Spent;
    }
  | { readonly type: 'run-ended'; readonly status: 'success' | 'partial' | 'failed' };

export type EventType = EventBody['type'];
export type WorkflowEvent = EventHead & EventBody;
