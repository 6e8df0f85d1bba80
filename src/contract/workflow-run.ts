import type { RunStatus, StartOptions, StepResult, StepStatus, WorkflowResult } from './workflow.ts';
import type { WorkflowEvent } from './workflow-events.ts';
import type { RunSnapshot } from './workflow-snapshot.ts';
import type { WorkflowStatus } from './workflow-status.ts';

/** What a person says to a parked step or item. */
export type Answer = { readonly value: unknown } | { readonly retry: true } | { readonly refuse: string };

/** What becomes of the steps that need one that was cancelled: they are not run, or run without it. */
export type Dependents = 'cancel' | 'reassign';

/** Which steps are meant, those of nested workflows included: all conditions that are given have to hold. */
export interface StepFilter {
  /**
   * Single tasks, and nothing else beside: `research/3` is item 3 of the map `research`, if it has begun and not ended, and
   * `plan` the step of that name. An item has failed then, and is not tried again: what the map's `onFailure` says is done.
   */
  readonly tasks?: readonly string[];
  /** Names; of a step in a nested workflow its path, such as `order/pay`, or `orders/3/pay` in item 3 of a map. */
  readonly steps?: readonly string[];
  /** Steps whose work is done by one of these agents. */
  readonly agents?: readonly string[];
  /** Steps whose work is done by whichever agent of one of these capabilities. */
  readonly capabilities?: readonly string[];
  readonly kinds?: readonly ('task' | 'map' | 'reduce' | 'loop' | 'wait')[];
  /** Bounds of the priority, inclusive. */
  readonly priority?: { readonly from?: number; readonly to?: number };
}

/** What was cancelled. */
export interface CancelledSteps {
  /** Steps that were waiting, running or parked, in nested workflows by their path. A running one that is undone by `compensate` finishes first. */
  readonly steps: readonly string[];
  /** Items of maps among them that had not ended, as far as they are known, and those that `tasks` names. */
  readonly items: number;
  /** Steps that are not run for it; with `reassign`, those that are run without it. */
  readonly dependents: readonly string[];
}

/** From where a fork runs again. */
export interface ForkOptions {
  /** The step; all that come after it run again, too. */
  readonly from: string;
  /** Of the new run. Default: a new one. */
  readonly id?: string;
}

/** Options of `engine.resume`. */
export interface ResumeOptions extends Omit<StartOptions, 'id'> {
  /**
   * Carries the state over to a definition that was changed since. Given the state that was kept, and the hash of its
   * definition; gives the state to go on from. Steps that it does not name have not begun.
   */
  readonly migrate?: (snapshot: RunSnapshot, from: string) => RunSnapshot | Promise<RunSnapshot>;
}

/** A workflow that was started. */
export interface WorkflowRun<D = unknown> {
  readonly id: string;
  readonly workflow: string;
  readonly state: RunStatus;
  /** What it ended as; rejects only if it cannot go on, because its store failed. After `retry` there is a new end. */
  result(): Promise<WorkflowResult<D>>;
  /** Steps and items of maps as they end, from the first one that is still kept. Ends with the run. */
  results(): AsyncIterableIterator<StepResult>;
  /** Everything that happens, from event number `from` on (default 0). Ends with the run. */
  events(from?: number): AsyncIterableIterator<WorkflowEvent>;
  /** How far it is: percent, counts, what holds it back, when it is expected to end. Costs time in proportion to the steps, those of nested workflows included. */
  status(): WorkflowStatus;
  /** The state of a step. */
  step(name: string): StepStatus;
  /** Nothing new is started; what runs goes on. */
  pause(): Promise<void>;
  /**
   * Goes on after a pause or a stop.
   * @param token of this run; one of another is refused with `WORKFLOW_TOKEN`
   */
  resume(token?: string): Promise<void>;
  /**
   * Finishes the tasks that run and starts nothing more: maps stop between two items, loops between two turns, waits where
   * they are. Resolves with the token of a checkpoint.
   */
  stop(): Promise<string>;
  /** Keeps the state as it is now. Resolves with a token that `resume`, and `engine.resume`, go on from. */
  checkpoint(): Promise<string>;
  /**
   * A new run in which `from` and what comes after it run again; all else keeps what it has got here. This run is left
   * alone.
   */
  fork(options: ForkOptions): Promise<WorkflowRun<D>>;
  /** Cancels the whole run, or the steps that are meant. Resolves when that has been told to them. */
  cancel(
    filter?: StepFilter & {
      /** What becomes of steps that need them: they are not run (`cancel`, the default), or run without (`reassign`). */
      readonly dependents?: Dependents;
    },
  ): Promise<CancelledSteps>;
  /** Runs a step again that failed, was skipped or cancelled, and then what comes after it. */
  retry(step: string): Promise<void>;
  /** Goes on without a step, with `value` in its place if one is given. */
  skip(step: string, options?: { readonly value?: unknown }): Promise<void>;
  /** Answers a step, or an item, that is parked: with a value, another try, or a refusal. */
  answer(step: string, answer: Answer, item?: number): Promise<void>;
  /** Sends a signal to the step that waits for it, or that will. */
  signal(signal: string, value?: unknown): Promise<void>;
}
