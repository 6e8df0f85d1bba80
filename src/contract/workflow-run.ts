import type { RunStatus, StepResult, StepStatus, WorkflowResult } from './workflow.ts';
import type { WorkflowEvent } from './workflow-events.ts';
import type { WorkflowStatus } from './workflow-status.ts';

/** What a person says to a parked step or item. */
export type Answer = { readonly value: unknown } | { readonly retry: true } | { readonly refuse: string };

/** What becomes of the steps that need one that was cancelled: they are not run, or run without it. */
export type Dependents = 'cancel' | 'reassign';

/** Which steps are meant: all conditions that are given have to hold. */
export interface StepFilter {
  readonly steps?: readonly string[];
  /** Steps whose work is done by one of these agents. */
  readonly agents?: readonly string[];
  readonly kinds?: readonly ('task' | 'map' | 'reduce' | 'loop' | 'wait')[];
  /** Bounds of the priority, inclusive. */
  readonly priority?: { readonly from?: number; readonly to?: number };
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
  /** How far it is: percent, counts, what holds it back, when it is expected to end. Costs time in proportion to the steps. */
  status(): WorkflowStatus;
  /** The state of a step. */
  step(name: string): StepStatus;
  /** Nothing new is started; what runs goes on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Finishes what runs, starts nothing more, and resolves when that is so. */
  stop(): Promise<void>;
  /** Cancels the whole run, or the steps that are meant. Resolves when that has been told to them. */
  cancel(
    filter?: StepFilter & {
      /** What becomes of steps that need them: they are not run (`cancel`, the default), or run without (`reassign`). */
      readonly dependents?: Dependents;
    },
  ): Promise<void>;
  /** Runs a step again that failed, was skipped or cancelled, and then what comes after it. */
  retry(step: string): Promise<void>;
  /** Goes on without a step, with `value` in its place if one is given. */
  skip(step: string, options?: { readonly value?: unknown }): Promise<void>;
  /** Answers a step, or an item, that is parked: with a value, another try, or a refusal. */
  answer(step: string, answer: Answer, item?: number): Promise<void>;
  /** Sends a signal to the step that waits for it, or that will. */
  signal(signal: string, value?: unknown): Promise<void>;
}
