import type { Agent } from '../contract/agent.ts';
import type { AgentName, Input, Output } from '../contract/engine.ts';
import type { Priority } from '../contract/handle.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import type { Missing, PartialData, StepError } from '../contract/workflow.ts';
import type { AnyAggregation, StepRetry, Workflow } from '../contract/workflow-definition.ts';

/** Names in `S`. */
export type Names<S> = keyof S & string;
/** What `after` may be: a name, or a list of names. */
export type After<S> = Names<S> | readonly Names<S>[];
export type NamesIn<D> = D extends readonly (infer N)[] ? N : D;

/** What functions of a step see: the workflow's input, and the output of each step in `after`. */
export type StepContext<I, S, D> = { readonly input: I } & {
  readonly [N in NamesIn<D> & keyof S]: S[N];
};

/** What comes in the place of a value if the step, or the item, fails. */
export type StandIn<F> = F extends 'skip' | 'interpolate'
  ? Missing
  : F extends { readonly value: infer V }
    ? V
    : F extends { readonly interpolate: (...all: never) => infer V }
      ? V | Missing
      : never;

/** A mark in the place of a value if something was given: `M` is not `never`. */
export type MissingIf<M> = [M] extends [never] ? never : Missing;

/** Of a map's items: all of them, unless it may go without some, or is told what is enough. */
export type MissingItem<M, E> = M extends 1 ? MissingIf<E> : Missing;

/** What a reduction sees of a map that it loosens by its own `minSuccess`. */
export type Loosened<V, M> = [M] extends [never]
  ? V
  : V extends readonly (infer O)[]
    ? readonly (O | Missing)[]
    : V;

/** What a workflow gives: the outputs of steps that no other takes. */
export type DataOf<S, T> = { readonly [N in Exclude<keyof S, T>]: S[N] };

export type FailureOf<V = unknown> =
  | 'fail'
  | 'skip'
  | 'escalate'
  | 'interpolate'
  | { readonly value: V }
  | { readonly interpolate: (left: never, right: never, index: number) => unknown };

/** What all kinds of steps may say. */
export interface CommonOptions<I, S, D, F, B> {
  /** Steps that this one needs: their outputs are what it sees. Default: none, it starts at once. */
  readonly after?: D;
  /** Whether it is run at all; if not, a `Missing` stands for its output, and what needs it goes on. Default: yes. */
  readonly when?: (context: StepContext<I, S, D>) => B | Promise<B>;
  /** What is done when it has failed for good. Default `fail`: what needs it is not run. */
  readonly onFailure?: F;
  /** Tries by the workflow, on top of the agent's own retries. Default: `{ attempts: 1, backoffMs: 100 }`. */
  readonly retry?: Partial<StepRetry>;
  /** Priority of its tasks. Default: the run's. */
  readonly priority?: Priority;
  /** Longest time of one attempt, in milliseconds. Default: the agent's. */
  readonly timeoutMs?: number;
  /** How long it is expected to take, in milliseconds, for the critical path. Default: as measured. */
  readonly expectedMs?: number;
}

/** Who does the work: exactly one of these. */
export type WorkOptions<G, C, C0, V, R, W> =
  | {
      readonly agent: G;
      readonly capability?: never;
      readonly run?: never;
      readonly workflow?: never;
    }
  | {
      readonly capability: C;
      readonly agent?: never;
      readonly run?: never;
      readonly workflow?: never;
    }
  | {
      readonly run: (input: V, context: C0) => R;
      readonly agent?: never;
      readonly capability?: never;
      readonly workflow?: never;
    }
  | {
      /** One that was built, or a function that builds it of the step's input. */
      readonly workflow: W | ((input: V, context: C0) => Workflow);
      readonly agent?: never;
      readonly capability?: never;
      readonly run?: never;
    };

/** Who brings the outputs of a map together: exactly one of these. */
export type ReduceWork<V, C0, G, C, R> =
  | {
      readonly agent: G;
      readonly capability?: never;
      readonly run?: never;
      readonly using?: never;
    }
  | {
      readonly capability: C;
      readonly agent?: never;
      readonly run?: never;
      readonly using?: never;
    }
  | {
      readonly run: (values: V, context: C0) => R;
      readonly agent?: never;
      readonly capability?: never;
      readonly using?: never;
    }
  | {
      readonly using: { finish(of: never): R } & AnyAggregation;
      /** Where it is carried out: `threads` for one that takes long and is plain data. Default `loop`. */
      readonly on?: 'loop' | 'threads';
      readonly agent?: never;
      readonly capability?: never;
      readonly run?: never;
    };

export type Result<A extends readonly Agent[], G, C, R, W> = [G] extends [never]
  ? [C] extends [never]
    ? [W] extends [never]
      ? Awaited<R>
      : W extends Workflow<unknown, infer D>
        ? unknown extends D
          ? unknown
          : PartialData<D>
        : unknown
    : Output<A, { readonly capability: C }>
  : Output<A, G>;

/** What the work is given: what the agent takes, as far as it is known; else `V`. */
export type Given<A extends readonly Agent[], G, C, V> = [G] extends [never]
  ? [C] extends [never]
    ? V
    : Input<A, { readonly capability: C }>
  : Input<A, G>;

/** How what was done is undone, given what came of it: by a function or an agent. It may be called again after a crash. */
export type Undo<A extends readonly Agent[], C0, O> =
  | ((of: C0 & { readonly output: O }) => unknown)
  | {
      readonly agent: AgentName<A>;
      /** What the agent is given. Default: the context, with `output`. */
      readonly input?: (of: C0 & { readonly output: O }) => unknown;
      /** Default: 3 attempts, 100 ms before the second, doubling. */
      readonly retry?: Partial<StepRetry>;
    };

export type Items<T> = readonly T[] | Iterable<T> | AsyncIterable<T>;

/** Options of `workflow`. */
export interface WorkflowOptions<I, A extends readonly Agent[]> {
  /** A Standard Schema of the input, which is checked when a run is started. Default: anything. */
  readonly input?: StandardSchema<I>;
  /** The agents that steps name: checked when it is built, and where the types come from. Default: checked at the start. */
  readonly agents?: A;
  /**
   * `continue`: when a step fails, what does not need it goes on. `stop`: the first step that fails ends the run.
   * Default: `stop` if a step has `compensate`, else `continue`.
   */
  readonly onError?: 'stop' | 'continue';
  /** Most tasks under way at once, over all steps. Default 1,000. */
  readonly concurrency?: number;
  /** How deep workflows may lie in each other from here on, itself and those made as it runs included. Default 16. */
  readonly maxDepth?: number;
}

/** The outputs of a workflow that has no steps yet. */
export type NoSteps = Record<never, never>;

/** What a step waits for: exactly one of these. */
export type WaitOptions<I, S, D> =
  | {
      readonly ms: number | ((context: StepContext<I, S, D>) => number);
      readonly signal?: never;
      readonly approval?: never;
    }
  | { readonly signal: string; readonly ms?: never; readonly approval?: never }
  | {
      readonly approval: string | ((context: StepContext<I, S, D>) => string);
      readonly ms?: never;
      readonly signal?: never;
    };

/** What a step of one task says beside what all steps say. */
export interface TaskOptions<A extends readonly Agent[], X, V, O> {
  /** What the work is given; `lastError` is what the attempt before failed of, if this is another one. */
  readonly input?: (context: X, lastError: StepError | undefined) => V;
  /** A Standard Schema that its output has to satisfy. Default: none. */
  readonly output?: StandardSchema;
  /** Undoes it when the run fails or is cancelled after it has succeeded. Default: nothing to undo. */
  readonly compensate?: Undo<A, X, O>;
}

/** What a map says beside what all steps say. */
export interface MapOptions<A extends readonly Agent[], X, T, V, O, M, E> {
  /** After a restart it has to give the same items in the same order. */
  readonly over: (context: X) => Items<T>;
  /** What the work is given for an item. Default: the item. */
  readonly input?: (item: T, index: number, context: X) => V;
  readonly output?: StandardSchema;
  /** Most items under way at once. Default 1,000. */
  readonly concurrency?: number;
  /** Most items; beyond it the step fails. Default 1,000,000. */
  readonly maxItems?: number;
  /**
   * How many have to succeed: a share, a count, or certain items. Default: as many as its reduction asks for, else all;
   * none with a stand-in or `enough`.
   */
  readonly minSuccess?: M;
  /** When there is enough, the rest is cancelled. Default: all are wanted. */
  readonly enough?: { readonly count: E } | { readonly quorum: E; readonly by?: (value: O) => unknown };
  /** Undoes all of it, once; if the map did not succeed, what it has got. Default: nothing to undo. */
  readonly compensate?: Undo<A, X, readonly (O | Missing)[]>;
}

/** What a loop says beside what all steps say. */
export interface LoopOptions<X, V, O> {
  /** What the first turn is given. */
  readonly input?: (context: X) => V;
  /** Asked after each turn. */
  readonly until: (turn: X & { readonly output: O; readonly turn: number }) => boolean;
  /** Most turns; beyond it the step fails. Default 100. */
  readonly max?: number;
  readonly output?: StandardSchema;
}
