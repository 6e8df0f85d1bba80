import type { RunStatus, StepError, StepStatus } from '../contract/workflow.ts';
import type { Cause } from '../contract/workflow-events.ts';
import { IndexSet } from './index-set.ts';
import type { ItemColumn } from './item-values.ts';
import type { PlanStep } from './plan.ts';

/** How far a map has come. */
export interface ItemsState {
  readonly kind: 'items';
  /** `undefined` until all items are known. */
  count: number | undefined;
  /** Items that have ended, whichever way. */
  readonly ended: IndexSet;
  /** Outputs by item, until somebody has taken them in. */
  readonly values: ItemColumn;
  /** The first errors of items, by item; all of them are needed where something stands in for the value. */
  readonly failures: Map<number, StepError>;
  readonly parked: Map<number, StepError>;
  /** Items that have succeeded, whether their outputs are still here or not. */
  succeeded: number;
  /** What outputs became that are not here any more, where a reduction folds them; by `partKey`. */
  readonly parts: Map<string, { readonly level: number; readonly position: number; readonly part: unknown }>;
  /** How many values count as the same, if the map ends at a quorum. */
  readonly votes: Map<string, number>;
}

/** Whether the output of a map that is folded is what the map has left: a person may have given something in its place. */
export function isItemsState(output: unknown): output is ItemsState {
  return (output as Partial<ItemsState> | null | undefined)?.ended instanceof IndexSet;
}

/** How far a loop has come. */
export interface TurnsState {
  readonly kind: 'turns';
  turns: number;
  output: unknown;
}

export interface TimerState {
  readonly kind: 'timer';
  dueAtMs: number | undefined;
}

/** What there is to know of a running step beside that it runs; `undefined` for a single task. */
export type WorkState = ItemsState | TurnsState | TimerState | undefined;

/** Where a step is. */
export type StepState =
  | {
      readonly status: 'waiting';
      waitsFor: number;
      readonly attempt: number;
      /** What the attempt before failed of. */
      readonly lastError: StepError | undefined;
      /** When its last attempt failed, if there is a pause before the next. */
      readonly failedAtMs?: number;
    }
  | {
      readonly status: 'running';
      readonly attempt: number;
      readonly startedAtMs: number;
      readonly work: WorkState;
      /** What the attempt before failed of. */
      readonly lastError: StepError | undefined;
    }
  | {
      readonly status: 'parked';
      readonly attempt: number;
      readonly startedAtMs: number;
      /** `undefined` where nothing failed: somebody is asked, that is the step. */
      readonly error: StepError | undefined;
      readonly ask: string | undefined;
      /** What a map that can be undone had got. */
      readonly partial?: readonly unknown[];
    }
  | {
      readonly status: 'succeeded';
      readonly attempt: number;
      readonly output: unknown;
      readonly startedAtMs: number;
      readonly endedAtMs: number;
    }
  | {
      readonly status: 'skipped' | 'failed' | 'cancelled';
      readonly attempt: number;
      readonly error: StepError;
      /** Why it was skipped or cancelled. */
      readonly cause: Cause;
      /** What stands for the output of a skipped step, if something does. */
      readonly value: unknown;
      readonly hasValue: boolean;
      /** What a map that can be undone had got when it ended so. */
      readonly partial: readonly unknown[] | undefined;
      readonly endedAtMs: number;
    };

/** A run, as replaying its events gives it. Only `evolve` changes it. */
export interface RunState {
  run: string;
  workflow: string;
  hash: string;
  /** The run that it was forked of, and the step from which it runs again. */
  forkOf: string | undefined;
  forkFrom: string | undefined;
  input: unknown;
  /** How many events led here. */
  version: number;
  status: RunStatus;
  /** Why nothing new is started any more. */
  failing: 'failure' | 'cancelled' | undefined;
  readonly steps: StepState[];
  /** Steps that have not ended. */
  open: number;
  /** Signals for which nobody has waited yet, by name, in order. */
  readonly signals: Map<string, unknown[]>;
  readonly errors: StepError[];
  readonly needsAttention: StepError[];
  /** Steps that have been undone, or could not be. */
  readonly compensated: Set<number>;
  readonly agents: Set<string>;
  tasks: number;
  succeeded: number;
  failed: number;
  retries: number;
  readonly cost: { inputTokens: number; outputTokens: number; costUsd: number };
  startedAtMs: number;
  lastAtMs: number;
  result: 'success' | 'partial' | 'failed' | undefined;
}

export function initialState(steps: readonly PlanStep[]): RunState {
  return {
    run: '',
    workflow: '',
    hash: '',
    forkOf: undefined,
    forkFrom: undefined,
    input: undefined,
    version: 0,
    status: 'running',
    failing: undefined,
    steps: steps.map(({ needs }) => ({
      status: 'waiting',
      waitsFor: needs.length,
      attempt: 0,
      lastError: undefined,
    })),
    open: steps.length,
    signals: new Map(),
    errors: [],
    needsAttention: [],
    compensated: new Set(),
    agents: new Set(),
    tasks: 0,
    succeeded: 0,
    failed: 0,
    retries: 0,
    cost: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
    startedAtMs: 0,
    lastAtMs: 0,
    result: undefined,
  };
}

/** Which state may follow which. */
const NEXT: Readonly<Record<StepStatus, readonly StepStatus[]>> = {
  // What a fork takes over has succeeded without having run in it.
  waiting: ['running', 'succeeded', 'skipped', 'cancelled', 'waiting'],
  running: ['running', 'waiting', 'parked', 'succeeded', 'skipped', 'failed', 'cancelled'],
  parked: ['waiting', 'succeeded', 'skipped', 'failed', 'cancelled'],
  succeeded: ['waiting'],
  skipped: ['waiting'],
  failed: ['waiting', 'skipped'],
  cancelled: ['waiting'],
};

/** The one place where a step changes its state. @throws Error on an illegal move */
export function moveStep(state: RunState, step: number, next: StepState): void {
  const now = state.steps[step]!;
  if (!NEXT[now.status].includes(next.status)) {
    throw new Error(`workflow: step ${step} cannot go from ${now.status} to ${next.status}`);
  }
  if (hasEnded(now.status) !== hasEnded(next.status)) state.open += hasEnded(next.status) ? -1 : 1;
  state.steps[step] = next;
}

export function hasEnded(status: StepStatus): boolean {
  return status === 'succeeded' || status === 'skipped' || status === 'failed' || status === 'cancelled';
}
