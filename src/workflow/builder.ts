import type { Agent } from '../contract/agent.ts';
import type { AgentName, Capability } from '../contract/engine.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import type { Missing } from '../contract/workflow.ts';
import type { Enough, MinSuccess, StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type {
  After,
  CommonOptions,
  DataOf,
  FailureOf,
  Given,
  LoopOptions,
  Loosened,
  MapOptions,
  MissingIf,
  MissingItem,
  Names,
  NamesIn,
  NoSteps,
  ReduceWork,
  Result,
  StandIn,
  StepContext,
  TaskOptions,
  WaitOptions,
  WorkflowOptions,
  WorkOptions,
} from './builder-types.ts';
import { checkDefinition, invalid } from './check-definition.ts';
import { withMinSuccess } from './default-min-success.ts';
import { hashOf } from './definition-hash.ts';
import { toJson, toMermaid } from './drawing.ts';
import { frozenStep } from './frozen-step.ts';
import { unknownOption } from './option-keys.ts';
import { common, waitOn, workOf } from './step-draft.ts';

/** Builds a workflow, step by step. Each call gives a new builder; nothing is checked before `build()`. */
export class WorkflowBuilder<I, S, A extends readonly Agent[], K = never> {
  readonly #id: string;
  readonly #options: WorkflowOptions<I, A>;
  readonly #steps: readonly StepDefinition[];
  readonly #wrong: string | undefined;

  constructor(id: string, options: WorkflowOptions<I, A>, steps: readonly StepDefinition[], wrong?: string) {
    this.#id = id;
    this.#options = options;
    this.#steps = steps;
    this.#wrong = wrong;
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
    B extends boolean = never,
    V = unknown,
  >(
    name: N,
    options: CommonOptions<I, S, D, F, B> &
      WorkOptions<G, C, StepContext<I, S, D>, V, R, W> &
      TaskOptions<A, StepContext<I, S, D>, Given<A, G, C, V>, Result<A, G, C, R, W>>,
  ): Adds<I, S, N, Result<A, G, C, R, W> | StandIn<F> | MissingIf<B>, A, K | NamesIn<D>> {
    return this.#with(
      { kind: 'task', ...common(name, options), ...workOf(options), input: options.input },
      options,
    );
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
    B extends boolean = never,
    const M extends MinSuccess = 1,
    E extends number = never,
    V = T,
  >(
    name: N,
    options: CommonOptions<I, S, D, F, B> &
      WorkOptions<G, C, StepContext<I, S, D>, V, R, W> &
      MapOptions<A, StepContext<I, S, D>, T, Given<A, G, C, V>, Result<A, G, C, R, W>, M, E>,
  ): Adds<
    I,
    S,
    N,
    readonly (Result<A, G, C, R, W> | StandIn<F> | MissingItem<M, E>)[] | MissingIf<B>,
    A,
    K | NamesIn<D>
  > {
    const { map } = WORKFLOW_DEFAULTS;
    return this.#with(
      {
        kind: 'map',
        ...common(name, options),
        ...workOf(options),
        input: options.input,
        over: options.over,
        concurrency: options.concurrency ?? map.concurrency,
        maxItems: options.maxItems ?? map.maxItems,
        minSuccess: options.minSuccess,
        enough: options.enough as Enough | undefined,
      },
      options,
    );
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
    const M extends MinSuccess = never,
    B extends boolean = never,
  >(
    name: N,
    options: CommonOptions<I, S, D, F, B> & {
      /** The map. */
      readonly of: O;
      /** How many outputs have to be there; a map that says nothing of it asks for no more. Default: as the map says. */
      readonly minSuccess?: M;
      /**
       * The reduction is associative: so many neighbors at a time are brought together, as they come, and what came of
       * them likewise. Default: all outputs at once.
       */
      readonly fanIn?: number;
      readonly output?: StandardSchema;
    } & ReduceWork<Loosened<Exclude<S[O], Missing>, M>, StepContext<I, S, D | O>, G, C, R>,
  ): Adds<
    I,
    S,
    N,
    Result<A, G, C, R, never> | StandIn<F> | MissingIf<B> | Extract<S[O], Missing>,
    A,
    K | O | NamesIn<D>
  > {
    const work =
      options.using === undefined
        ? workOf(options).work
        : ({ kind: 'aggregation', aggregation: options.using, on: options.on ?? 'loop' } as const);
    return this.#with(
      {
        kind: 'reduce',
        ...common(name, options),
        of: options.of,
        work,
        minSuccess: options.minSuccess,
        fanIn: options.fanIn,
      },
      options,
    );
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
    B extends boolean = never,
    V = unknown,
  >(
    name: N,
    options: CommonOptions<I, S, D, F, B> &
      WorkOptions<G, C, StepContext<I, S, D>, V, R, W> &
      LoopOptions<StepContext<I, S, D>, Given<A, G, C, V>, Result<A, G, C, R, W>>,
  ): Adds<I, S, N, Result<A, G, C, R, W> | StandIn<F> | MissingIf<B>, A, K | NamesIn<D>> {
    return this.#with(
      {
        kind: 'loop',
        ...common(name, options),
        ...workOf(options),
        input: options.input,
        until: options.until,
        max: options.max ?? WORKFLOW_DEFAULTS.loop.max,
      },
      options,
    );
  }

  /** Waits for time to pass (`ms`), for `run.signal()`, or for a person who approves by `run.answer()`. */
  wait<
    const N extends string,
    const D extends After<S> = never,
    const F extends FailureOf = 'fail',
    B extends boolean = never,
  >(
    name: N,
    options: CommonOptions<I, S, D, F, B> & WaitOptions<I, S, D>,
  ): Adds<I, S, N, unknown, A, K | NamesIn<D>> {
    return this.#with({ kind: 'wait', ...common(name, options), on: waitOn(options) }, options);
  }

  /**
   * The finished workflow, immutable.
   * @throws SpillwayError `WORKFLOW_INVALID` for a cycle, an unknown step or agent, a name that is used twice, and what
   * else makes no sense: the message names it in full
   */
  build(): Workflow<I, DataOf<S, K>> {
    const { concurrency: most, maxDepth: deepest } = WORKFLOW_DEFAULTS;
    const { input, concurrency = most, maxDepth = deepest } = this.#options;
    const hasUndo = this.#steps.some(({ compensate }) => compensate !== undefined);
    const { onError = hasUndo ? 'stop' : 'continue' } = this.#options;
    const agents = this.#options.agents && Object.freeze([...this.#options.agents]);
    if (this.#wrong !== undefined) throw invalid(this.#id, this.#wrong);
    const whole = withMinSuccess(this.#steps);
    checkDefinition({ id: this.#id, steps: whole, agents, options: this.#options });
    const steps = Object.freeze(whole.map(frozenStep));
    const workflow: Workflow<I, DataOf<S, K>> = {
      id: this.#id,
      steps,
      input,
      onError,
      concurrency,
      maxDepth,
      agents,
      hash: hashOf(this.#id, onError, steps),
      toJSON: () => toJson(workflow),
      toMermaid: () => toMermaid(workflow),
    };
    return Object.freeze(workflow);
  }

  // The types are told apart by the callers' signatures; what is kept has forgotten them.
  #with<Next>(step: object, options: object): Next {
    const { kind, name } = step as StepDefinition;
    const unknown = unknownOption(kind, options);
    const wrong = this.#wrong ?? (unknown && `step "${name}": ${unknown}`);
    const steps = [...this.#steps, step as StepDefinition];
    return new WorkflowBuilder<I, S, A, K>(this.#id, this.#options, steps, wrong) as Next;
  }
}

/** The builder with one step more: what it gives, and which steps others take. */
type Adds<I, S, N extends string, V, A extends readonly Agent[], K> = WorkflowBuilder<
  I,
  S & { readonly [Name in N]: V },
  A,
  K
>;

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
