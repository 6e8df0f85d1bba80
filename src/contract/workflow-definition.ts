import type { Agent } from './agent.ts';
import type { Priority } from './handle.ts';
import type { StandardSchema } from './standard-schema.ts';
import type { StepError } from './workflow.ts';

/** What functions of a step see: `input` of the workflow, and the output of each step in `after`, by name. */
export type AnyContext = Readonly<Record<string, unknown>>;

/**
 * Who does the work of a step: an agent, the least loaded one of a capability, a function, or a workflow of its own, which a
 * function may make of the step's input.
 */
export type Work =
  | { readonly kind: 'agent'; readonly agent: string }
  | { readonly kind: 'capability'; readonly capability: string }
  | { readonly kind: 'function'; readonly run: (input: never, context: never) => unknown }
  | { readonly kind: 'workflow'; readonly workflow: Workflow | MakeWorkflow };

export type MakeWorkflow = (input: never, context: never) => Workflow;

/**
 * What is done when a step, or an item of a map, has failed for good:
 * `fail`: the step fails, and what needs it is not run; of a map, the item counts against `minSuccess`;
 * `skip`: a `Missing` stands for the value; `{ value }`: that stands for it;
 * `interpolate` (maps of numbers, or with a function): what its nearest neighbors that succeeded make of it;
 * `escalate`: it is parked until `run.answer()` gives a value, another try, or a refusal.
 */
export type OnFailure =
  | 'fail'
  | 'skip'
  | 'escalate'
  | 'interpolate'
  | { readonly value: unknown }
  | { readonly interpolate: (left: never, right: never, index: number) => unknown };

/** How often a step, or an item, is tried by the workflow, on top of what its agent's own policy does. */
export interface StepRetry {
  /** 1 or more. */
  readonly attempts: number;
  /** Before the second attempt, in milliseconds; doubles with each. */
  readonly backoffMs: number;
}

/** How a completed step is undone. */
export type Compensate =
  | ((of: never) => unknown)
  | { readonly agent: string; readonly input?: (of: never) => unknown; readonly retry?: Partial<StepRetry> };

interface StepBase {
  readonly name: string;
  /** Steps that have to end before this one starts. */
  readonly after: readonly string[];
  readonly when: ((context: never) => boolean | Promise<boolean>) | undefined;
  readonly onFailure: OnFailure;
  readonly retry: StepRetry;
  readonly compensate: Compensate | undefined;
  readonly priority: Priority | undefined;
  readonly timeoutMs: number | undefined;
  /** How long it is expected to take, in milliseconds, before it was measured. */
  readonly expectedMs: number | undefined;
  readonly output: StandardSchema | undefined;
}

/** One task. */
export interface TaskStep extends StepBase {
  readonly kind: 'task';
  readonly work: Work;
  readonly input: ((context: never, lastError: StepError | undefined) => unknown) | undefined;
}

/** One task for each item. */
export interface MapStep extends StepBase {
  readonly kind: 'map';
  readonly work: Work;
  readonly over: (context: never) => unknown;
  readonly input: ((item: never, index: number, context: never) => unknown) | undefined;
  /** Most items under way at once. */
  readonly concurrency: number;
  readonly maxItems: number;
  readonly minSuccess: MinSuccess;
  readonly enough: Enough | undefined;
}

/** A share from 0 to 1, a count (`{ count }`), or the items that have to succeed. */
export type MinSuccess = number | { readonly count: number } | { readonly items: readonly number[] };

/** When a map has got enough and the rest is cancelled. */
export type Enough =
  | { readonly count: number }
  | { readonly quorum: number; readonly by: ((value: never) => unknown) | undefined };

/** The outputs of a map become one. */
export interface ReduceStep extends StepBase {
  readonly kind: 'reduce';
  readonly of: string;
  readonly work:
    | Work
    | {
        readonly kind: 'aggregation';
        readonly aggregation: AnyAggregation;
        readonly on: 'loop' | 'threads';
      };
  readonly minSuccess: MinSuccess;
  /** How many values or parts one task takes; `undefined`: all at once. */
  readonly fanIn: number | undefined;
}

/** Any way to bring values together, its types forgotten. */
export interface AnyAggregation {
  readonly name: string;
  init(): unknown;
  add(into: never, value: never, index: number): unknown;
  combine(left: never, right: never): unknown;
  finish(of: never): unknown;
  readonly spec?: unknown;
}

/** The work is repeated, each time with what came out of the last. */
export interface LoopStep extends StepBase {
  readonly kind: 'loop';
  readonly work: Work;
  readonly input: ((context: never) => unknown) | undefined;
  readonly until: (turn: never) => boolean;
  /** Most turns; beyond it the step fails. */
  readonly max: number;
}

/** Nothing is run: time passes, or somebody has to say something. */
export interface WaitStep extends StepBase {
  readonly kind: 'wait';
  readonly on:
    | { readonly kind: 'timer'; readonly ms: number | ((context: never) => number) }
    | { readonly kind: 'signal'; readonly signal: string; readonly timeoutMs: number | undefined }
    | { readonly kind: 'approval'; readonly ask: string | ((context: never) => string) };
}

export type StepDefinition = TaskStep | MapStep | ReduceStep | LoopStep | WaitStep;

/** A workflow that was built and found to be sound. Immutable. */
export interface Workflow<I = unknown, D = unknown> {
  readonly id: string;
  readonly steps: readonly StepDefinition[];
  readonly input: StandardSchema | undefined;
  /** `stop`: the first step that fails ends the run; `continue`: what does not need it goes on. */
  readonly onError: 'stop' | 'continue';
  /** Most tasks under way at once, over all steps. */
  readonly concurrency: number;
  /** How deep workflows may lie in each other from here on, itself and those that are made as it runs included. */
  readonly maxDepth: number;
  /** The agents that it was built with, if any were given. */
  readonly agents: readonly Agent[] | undefined;
  /** Of everything but functions, which count by their text. */
  readonly hash: string;
  toJSON(): unknown;
  toMermaid(): string;
  /** Carries the types of input and result; has no value. */
  readonly types?: { readonly input: I; readonly data: D };
}

/** Every default of workflows, once. */
export const WORKFLOW_DEFAULTS = {
  concurrency: 1_000,
  map: { concurrency: 1_000, maxItems: 1_000_000 },
  loop: { max: 100 },
  retry: { attempts: 1, backoffMs: 100, maxBackoffMs: 30_000 },
  compensation: { attempts: 3, backoffMs: 100 },
  /** Steps of one workflow. */
  maxSteps: 10_000,
  /** How deep workflows may lie in each other. */
  maxDepth: 16,
  /** Errors that a result lists. */
  errors: 1_000,
  /** What waits for a person, as far as a status lists it. */
  parkedListed: 1_000,
  /** Nested workflows of a step, as far as a status lists them. */
  nestedListed: 100,
  /** Signals that came before anybody waited for them. */
  signals: 1_000,
  /** Runs that have ended and are still known by their id. */
  endedRuns: 1_000,
  /** Steps, items and events of all of these together: about 75 MB, and what steps and items have given. */
  endedSize: 500_000,
  /** Events between two snapshots. */
  snapshotEvery: 10_000,
} as const;
