import type { RunStatus, StepError, StepStatus } from './workflow.ts';
import type { Cause } from './workflow-events.ts';

/**
 * The state of a run as plain data: what JSON can carry. Values of handlers that JSON has no form for stand in it as
 * `{ $is, of }`. Steps go by their names, so that a function of yours can carry it over to a changed definition.
 */
export interface RunSnapshot {
  readonly v: 1;
  readonly run: string;
  readonly workflow: string;
  /** Of the definition that it was made with. */
  readonly hash: string;
  /** A hash of each step of that definition, by name. */
  readonly definition: Readonly<Record<string, string>>;
  readonly forkOf?: string;
  readonly forkFrom?: string;
  readonly input: unknown;
  /** How many events led here. */
  readonly version: number;
  readonly status: RunStatus;
  readonly failing?: 'failure' | 'cancelled';
  readonly result?: 'success' | 'partial' | 'failed';
  /** A step that is not named has not begun. */
  readonly steps: Readonly<Record<string, StepSnapshot>>;
  readonly signals: readonly (readonly [string, readonly unknown[]])[];
  readonly errors: readonly StepError[];
  readonly needsAttention: readonly StepError[];
  /** Names of steps that were undone, or could not be. */
  readonly compensated: readonly string[];
  readonly agents: readonly string[];
  readonly tasks: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retries: number;
  readonly cost: { readonly inputTokens: number; readonly outputTokens: number; readonly costUsd: number };
  readonly startedAtMs: number;
  readonly lastAtMs: number;
}

/** Where a step is. What is not there does not belong to its status. */
export interface StepSnapshot {
  readonly status: StepStatus;
  readonly attempt: number;
  /** When its last attempt failed, if it waits for the next. */
  readonly failedAtMs?: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** Of a step that succeeded. */
  readonly output?: unknown;
  /** Of one that failed, was skipped or cancelled, or is parked; of one that is tried again, what it failed of. */
  readonly error?: StepError;
  readonly cause?: Cause;
  /** Stands for the output, if it is there. */
  readonly value?: unknown;
  /** What a map that did not succeed had got, for its compensation. */
  readonly partial?: readonly unknown[];
  readonly ask?: string;
  /** How far one that is running has come, and what is left of a map that was folded. */
  readonly work?: WorkSnapshot;
}

type Entries<V> = readonly (readonly [number, V])[];

export type WorkSnapshot =
  | {
      readonly kind: 'items';
      readonly count?: number;
      /** All items below have ended, and these beside. */
      readonly ended: { readonly below: number; readonly above: readonly number[] };
      readonly values: Entries<unknown>;
      readonly failures: Entries<StepError>;
      readonly parked: Entries<StepError>;
      readonly succeeded: number;
      readonly votes: readonly (readonly [string, number])[];
      /** What outputs became that are folded. */
      readonly parts: readonly {
        readonly level: number;
        readonly position: number;
        readonly part: unknown;
      }[];
    }
  | { readonly kind: 'turns'; readonly turns: number; readonly output: unknown }
  | { readonly kind: 'timer'; readonly dueAtMs?: number };
