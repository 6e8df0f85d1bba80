import type { Agent } from '../contract/agent.ts';
import type { AgentName, Capability } from '../contract/engine.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import type { Missing } from '../contract/workflow.ts';
import type { Enough, MinSuccess, StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type {
  After,
  CommonOptions,
  FailureOf,
  Given,
  Items,
  Names,
  NoSteps,
  ReduceWork,
  Result,
  StandIn,
  StepContext,
  Undo,
  WorkflowOptions,
  WorkOptions,
} from './builder-types.ts';
import { checkDefinition } from './check-definition.ts';
import { hashOf } from './definition-hash.ts';
import { toJson, toMermaid } from './drawing.ts';
import { common, defaultMinSuccess, workOf } from './step-draft.ts';

/** Builds a workflow, step by step. Each call gives a new builder; nothing is checked before `build()`. */
export class WorkflowBuilder<I, S, A extends readonly Agent[]> {
  readonly #id: string;
  readonly #options: WorkflowOptions<I, A>;
  readonly #steps: readonly StepDefinition[];

  constructor(id: string, options: WorkflowOptions<I, A>, steps: readonly StepDefinition[]) {
    this.#id = id;
    this.#options = options;
    this.#steps = steps;
  }

  /** One task. Its input: what `input` gives; else the output of the step that it needs, or the workflow's input. */
  step<
    const N extends string,
    const D extends After<S> = never,
    const G extends AgentName<A> = never,
    const C extends Capability<A> = never,
    R = unknown,
    W extends Workflow = never,
    const F extends FailureOf = 'fail',
    V = unknown,
  >(
    name: N,
    options: CommonOptions<I, S, D, F> &
      WorkOptions<G, C, StepContext<I, S, D>, V, R, W> & {
        readonly input?: (context: StepContext<I, S, D>) => Given<A, G, C, V>;
        /** A Standard Schema that its output has to satisfy. Default: none. */
        readonly output?: StandardSchema;
        /** Undoes it when the run fails or is cancelled after it has succeeded. Default: nothing to undo. */
        readonly compensate?: Undo<A, StepContext<I, S, D>, Result<A, G, C, R, W>>;
      },
  ): WorkflowBuilder<I, S & { readonly [K in N]: Result<A, G, C, R, W> | StandIn<F> }, A> {
    return this.#with({ kind: 'task', ...common(name, options), ...workOf(options), input: options.input });
  }

  /** One task for each item of what `over` gives: an array, an iterable, or an async iterable. */
  map<
    const N extends string,
    T,
    const D extends After<S> = never,
    const G extends AgentName<A> = never,
    const C extends Capability<A> = never,
    R = unknown,
    W extends Workflow = never,
    const F extends FailureOf = 'fail',
    const M extends MinSuccess = 1,
    V = T,
  >(
    name: N,
    options: CommonOptions<I, S, D, F> &
      WorkOptions<G, C, StepContext<I, S, D>, V, R, W> & {
        /** After a restart it has to give the same items in the same order. */
        readonly over: (context: StepContext<I, S, D>) => Items<T>;
        /** What the work is given for an item. Default: the item. */
        readonly input?: (item: T, index: number, context: StepContext<I, S, D>) => Given<A, G, C, V>;
        readonly output?: StandardSchema;
        /** Most items under way at once. Default 1,000. */
        readonly concurrency?: number;
        /** Most items; beyond it the step fails. Default 1,000,000. */
        readonly maxItems?: number;
        /** How many have to succeed: a share, a count, or certain items. Default: all; with a stand-in or `enough`, none. */
        readonly minSuccess?: M;
        /** When there is enough, the rest is cancelled. Default: all are wanted. */
        readonly enough?:
          | { readonly count: number }
          | { readonly quorum: number; readonly by?: (value: Result<A, G, C, R, W>) => unknown };
        /** Undoes all of it, once; if the map did not succeed, what it has got. Default: nothing to undo. */
        readonly compensate?: Undo<A, StepContext<I, S, D>, readonly (Result<A, G, C, R, W> | Missing)[]>;
      },
  ): WorkflowBuilder<
    I,
    S & {
      readonly [K in N]: readonly (Result<A, G, C, R, W> | StandIn<F> | (M extends 1 ? never : Missing))[];
    },
    A
  > {
    const { map } = WORKFLOW_DEFAULTS;
    return this.#with({
      kind: 'map',
      ...common(name, options),
      ...workOf(options),
      input: options.input,
      over: options.over,
      concurrency: options.concurrency ?? map.concurrency,
      maxItems: options.maxItems ?? map.maxItems,
      minSuccess: options.minSuccess ?? defaultMinSuccess(options),
      enough: options.enough as Enough | undefined,
    });
  }

  /** The outputs of a map become one: by an agent, a function, or an aggregation such as `stats()`. */
  reduce<
    const N extends string,
    const O extends Names<S>,
    const D extends After<S> = never,
    const G extends AgentName<A> = never,
    const C extends Capability<A> = never,
    R = unknown,
    const F extends FailureOf = 'fail',
  >(
    name: N,
    options: CommonOptions<I, S, D, F> & {
      /** The map. */
      readonly of: O;
      /** How many outputs have to be there. Default: as the map says. */
      readonly minSuccess?: MinSuccess;
      /**
       * The reduction is associative: so many neighbors at a time are brought together, as they come, and what came of
       * them likewise. Default: all outputs at once.
       */
      readonly fanIn?: number;
      readonly output?: StandardSchema;
    } & ReduceWork<S[O], StepContext<I, S, D | O>, G, C, R>,
  ): WorkflowBuilder<I, S & { readonly [K in N]: Result<A, G, C, R, never> | StandIn<F> }, A> {
    const work =
      options.using === undefined
        ? workOf(options).work
        : ({ kind: 'aggregation', aggregation: options.using, on: options.on ?? 'loop' } as const);
    return this.#with({
      kind: 'reduce',
      ...common(name, options),
      of: options.of,
      work,
      minSuccess: options.minSuccess ?? 0,
      fanIn: options.fanIn,
    });
  }

  /** The work is done again and again, each time with what came out of the last, until `until` holds. */
  loop<
    const N extends string,
    const D extends After<S> = never,
    const G extends AgentName<A> = never,
    const C extends Capability<A> = never,
    R = unknown,
    W extends Workflow = never,
    const F extends FailureOf = 'fail',
    V = unknown,
  >(
    name: N,
    options: CommonOptions<I, S, D, F> &
      WorkOptions<G, C, StepContext<I, S, D>, V, R, W> & {
        /** What the first turn is given. */
        readonly input?: (context: StepContext<I, S, D>) => Given<A, G, C, V>;
        /** Asked after each turn. */
        readonly until: (
          turn: StepContext<I, S, D> & { readonly output: Result<A, G, C, R, W>; readonly turn: number },
        ) => boolean;
        /** Most turns; beyond it the step fails. Default 100. */
        readonly max?: number;
        readonly output?: StandardSchema;
      },
  ): WorkflowBuilder<I, S & { readonly [K in N]: Result<A, G, C, R, W> | StandIn<F> }, A> {
    return this.#with({
      kind: 'loop',
      ...common(name, options),
      ...workOf(options),
      input: options.input,
      until: options.until,
      max: options.max ?? WORKFLOW_DEFAULTS.loop.max,
    });
  }

  /** Waits for time to pass (`ms`), for `run.signal()`, or for a person who approves by `run.answer()`. */
  wait<const N extends string, const D extends After<S> = never, const F extends FailureOf = 'fail'>(
    name: N,
    options: CommonOptions<I, S, D, F> &
      (
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
          }
      ),
  ): WorkflowBuilder<I, S & { readonly [K in N]: unknown }, A> {
    const { ms, signal, approval, timeoutMs } = options;
    return this.#with({
      kind: 'wait',
      ...common(name, options),
      on:
        ms !== undefined
          ? { kind: 'timer', ms }
          : signal !== undefined
            ? { kind: 'signal', signal, timeoutMs }
            : { kind: 'approval', ask: approval as string },
    });
  }

  /**
   * The finished workflow, immutable.
   * @throws SpillwayError `WORKFLOW_INVALID` for a cycle, an unknown step or agent, a name that is used twice, and what
   * else makes no sense: the message names it in full
   */
  build(): Workflow<I, { readonly [K in keyof S]: S[K] }> {
    const { input, agents, concurrency } = this.#options;
    const onError =
      this.#options.onError ?? (this.#steps.some(({ compensate }) => compensate) ? 'stop' : 'continue');
    const steps = Object.freeze(this.#steps.map((step) => Object.freeze(step)));
    checkDefinition({ id: this.#id, steps, agents, options: this.#options });
    const workflow: Workflow<I, { readonly [K in keyof S]: S[K] }> = {
      id: this.#id,
      steps,
      input,
      onError,
      concurrency: concurrency ?? WORKFLOW_DEFAULTS.concurrency,
      agents,
      hash: hashOf(this.#id, steps),
      toJSON: () => toJson(workflow),
      toMermaid: () => toMermaid(workflow),
    };
    return Object.freeze(workflow);
  }

  // The types are told apart by the callers' signatures; what is kept has forgotten them.
  #with<T>(step: object): WorkflowBuilder<I, T, A> {
    return new WorkflowBuilder<I, T, A>(this.#id, this.#options, [...this.#steps, step as StepDefinition]);
  }
}

/**
 * Begins the definition of a workflow.
 * @param id names the definition; two different ones of one id are refused by an engine
 */
export function workflow<I = unknown, const A extends readonly Agent[] = readonly Agent[]>(
  id: string,
  options: WorkflowOptions<I, A> = {},
): WorkflowBuilder<I, NoSteps, A> {
  return new WorkflowBuilder(id, options, []);
}
