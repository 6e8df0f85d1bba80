import type { Histogram } from 'hdr-histogram-js';
import type { Agent } from './agent.ts';
import type { CancelFilter, CancelOptions, CancelResult } from './cancel.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { EngineEvents } from './events.ts';
import type { FaultEnd, FaultOptions } from './fault.ts';
import type { TaskHandle, TaskOptions } from './handle.ts';
import type { EngineHealth } from './health.ts';
import type { Outcome } from './outcome.ts';
import type { ScaleSignal } from './scaling.ts';
import type { EngineStats, ThreadHeap } from './stats.ts';
import type { EngineSync } from './sync.ts';
import type { StartOptions } from './workflow.ts';
import type { Workflow } from './workflow-definition.ts';
import type { ResumeOptions, WorkflowRun } from './workflow-run.ts';

/** Names of the agents in `A`. */
export type AgentName<A extends readonly Agent[]> = A[number]['name'];

/** Capabilities that the agents in `A` declare. */
export type Capability<A extends readonly Agent[]> = NonNullable<
  A[number]['options']['capabilities']
>[number];

/** Whom a task is for: an agent by name, or whichever agent of a capability is least loaded. */
export type Target<A extends readonly Agent[]> = AgentName<A> | { readonly capability: Capability<A> };

/** The agents behind a target. Agents whose names are known only as `string` stand behind every name. */
type Named<A extends readonly Agent[], T> = A[number] extends infer M
  ? M extends { readonly name: infer N; readonly options: { readonly capabilities?: readonly (infer D)[] } }
    ? T extends N | { readonly capability: D }
      ? M
      : never
    : never
  : never;

/** Agents whose types are forgotten take anything. */
type InputIn<M> = M extends { readonly name: infer N; readonly options: infer P }
  ? string extends N
    ? unknown
    : P extends { run: (input: infer I, ctx: never) => unknown }
      ? I
      : P extends { types?: { input?: infer I } }
        ? I
        : never
  : never;

type OutputIn<M> = M extends {
  readonly lane: 'loop';
  readonly options: { run: (...args: never[]) => infer O };
}
  ? Awaited<O>
  : M extends { readonly lane: 'threads'; readonly options: { types?: { output?: infer O } } }
    ? O
    : never;

/** Function parameters turn a union of agents into the intersection of what they take. */
type TakenByAll<M> = (M extends unknown ? (input: InputIn<M>) => void : never) extends (
  input: infer I,
) => void
  ? I
  : never;

/** What the target takes. With several agents behind it, what each of them takes. */
export type Input<A extends readonly Agent[], T> = TakenByAll<Named<A, T>>;
/** What the target gives. */
export type Output<A extends readonly Agent[], T> = OutputIn<Named<A, T>>;

export interface StreamOptions extends Omit<TaskOptions, 'transfer'> {
  /** Outcomes come in the order of the source. Default false: as they finish. */
  readonly ordered?: boolean;
  /** Most tasks of this stream outstanding at once. Default 1,000. */
  readonly window?: number;
}

/** Whose room is waited for, and until when. */
export type ReadyOptions = Pick<TaskOptions, 'priority' | 'signal'>;

export interface Engine<A extends readonly Agent[] = readonly Agent[]> extends AsyncDisposable {
  /** Runs one task. Resolves with its value; rejects with `OverloadError`, `TaskError` or `ConfigError`. */
  run<const T extends Target<A>>(target: T, input: Input<A, T>, options?: TaskOptions): Promise<Output<A, T>>;
  /** Submits one task. Throws only on bad input and after close; a shed task has the outcome `rejected`. */
  submit<const T extends Target<A>>(
    target: T,
    input: Input<A, T>,
    options?: TaskOptions,
  ): TaskHandle<Output<A, T>>;
  /**
   * Runs every input of `source`; pulls no faster than tasks are admitted. Stopping the iteration cancels what is
   * outstanding and closes the source; an error of the source ends the stream with that error, after the outcomes
   * of what was admitted before.
   */
  stream<const T extends Target<A>>(
    target: T,
    source: Iterable<Input<A, T>> | AsyncIterable<Input<A, T>>,
    options?: StreamOptions,
  ): AsyncIterableIterator<Outcome<Output<A, T>>>;
  /**
   * Starts a workflow. With an `id` it is idempotent: started again it gives the same run.
   * @throws SpillwayError `WORKFLOW_CONFLICT` for an id that has another definition or input, `WORKFLOW_INVALID` for agents
   * that are not registered, `INPUT_INVALID` for an input that its schema refuses. Nothing is started then.
   */
  start<I, D>(workflow: Workflow<I, D>, input: NoInfer<I>, options?: StartOptions): Promise<WorkflowRun<D>>;
  /**
   * Goes on with a run that was stopped, or left by an engine that was closed or has died, from where its journal stands.
   * @param token of `run.checkpoint()`, `run.stop()`, or the `EngineClosedError` of `run.result()`
   * @throws SpillwayError `WORKFLOW_TOKEN` for a token that is damaged, of another workflow, of another definition and
   * without `options.migrate`, or of a run that the journal does not have
   */
  resume<I, D>(workflow: Workflow<I, D>, token: string, options?: ResumeOptions): Promise<WorkflowRun<D>>;
  /** The run of a workflow, while it is known: the last 1,000 that have ended are. */
  workflowRun(id: string): WorkflowRun | undefined;
  /** Mutexes, semaphores and barriers that this code shares with handlers. */
  readonly sync: EngineSync;
  /**
   * Cancels all tasks that meet the filter, those that wait and those that run, and tells what it has cancelled and which
   * steps of workflows depend on that. A task that has ended is no error. Tasks in an overflow have left the engine and are not found.
   * @throws ConfigError for a wrong filter, one without conditions, and a predicate that throws: nothing is cancelled then
   */
  cancel(filter: CancelFilter, options?: CancelOptions): CancelResult;
  /** Resolves when a task of this priority would be admitted. Rejects when `signal` aborts or the engine closes. */
  ready(options?: ReadyOptions): Promise<void>;
  /** Adds an agent; resolves once its handler is loaded. The returned engine is the same one, with the wider type. */
  register<const D extends Agent>(agent: D): Promise<Engine<readonly [...A, D]>>;
  /** Removes an agent. Running attempts finish; waiting tasks that no other agent can take fail as AGENT_REMOVED. */
  remove(name: AgentName<A>): boolean;
  /** Tasks that failed for good, as far as `EngineOptions.deadLetters` keeps them. */
  readonly deadLetters: DeadLetters;
  /** Counts and latencies as of now. */
  stats(): EngineStats;
  /**
   * How many threads it would take to bring the load to its target and what waits to its end in time, whatever `threads`
   * allows: for an autoscaler outside, that starts and ends processes. Load is taken since the last call. Calls on the
   * event loop do not count; before an agent needs threads, none are wanted.
   */
  scaleSignal(): ScaleSignal;
  /** What is failed, since when and why, and what has recovered. */
  health(): EngineHealth;
  /**
   * Makes an agent fail, for a drill. On threads it takes effect within moments. Returns what ends the fault.
   * @throws ConfigError `FAULTS_DISABLED` unless the engine was created with `faults: true`; for wrong options
   */
  injectFault(fault: FaultOptions & { readonly agent: AgentName<A> }): FaultEnd;
  /** Asks every thread for its heap. One that does not answer within `timeoutMs` (default 1,000) is listed without. */
  heaps(options?: { readonly timeoutMs?: number }): Promise<readonly ThreadHeap[]>;
  /** A copy of an agent's latency histogram, in nanoseconds, 2 significant digits. */
  histogram(agent: AgentName<A>, kind: 'wait' | 'service' | 'total'): Histogram;
  /** Adds a listener for engine events; returns the function that removes it. */
  on<E extends keyof EngineEvents>(event: E, listener: (event: EngineEvents[E]) => void): () => void;
  /**
   * Stops taking tasks, lets the outstanding ones finish for up to `timeoutMs` (default 10,000), then aborts what
   * is left with the reason `shutdown`. Idempotent: every call returns the same promise.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}
