import type { BreakerOptions } from './breaker.ts';
import type { FallbackStep } from './fallback.ts';
import type { RetryOptions } from './retry.ts';
import type { StandardSchema } from './standard-schema.ts';
import type { Sync } from './sync.ts';
import type { Usage } from './usage.ts';

/** Where attempts run: `threads` for CPU-bound work, `loop` for calls that wait on something else. */
export type LaneName = 'threads' | 'loop';

/** What a handler is given beside its input, on either lane. */
export interface TaskContext {
  readonly taskId: string;
  readonly agent: string;
  /** Aborts on cancel, timeout and shutdown. Made on first use. */
  readonly signal: AbortSignal;
  /** True once the task is to stop. On a thread this is one shared-memory read, cheap enough for an inner loop. */
  readonly cancelled: boolean;
  /**
   * Mutexes, semaphores and barriers, by name. What a task holds or waits for ends with the task. Throws in a handler
   * with `isolate: 'process'`.
   */
  readonly sync: Sync;
  /** Reports progress, 0 to 1, to `handle.on('progress')`. Resolves when the report has been delivered. */
  progress(fraction: number): Promise<void>;
  /** Sends a part of the output ahead of the result, to `handle.on('partial')`. Resolves when delivered. */
  emit(part: unknown): Promise<void>;
  /**
   * Reports what the call has used; several reports add up. Resolves when delivered.
   * @throws ConfigError for what is negative, or no number
   */
  usage(usage: Usage): Promise<void>;
  /**
   * Reports the headers of a provider's answer (a `Headers`, or an object): its rate limits hold for the agent's
   * resource of that name, the first one by default. Resolves when delivered.
   */
  rateLimit(headers: unknown, resource?: string): Promise<void>;
  /** Marks what the result should move, not copy, to the main thread; returns `value`. No effect on the loop lane. */
  transfer<T>(value: T, list: readonly Transferable[]): T;
}

/** What may be moved between threads instead of copied. */
export type Transferable = ArrayBuffer | import('node:worker_threads').MessagePort;

/** The function behind an agent. */
export type Handler<I = never, O = unknown> = (input: I, ctx: TaskContext) => O | Promise<O>;

/** Carries an agent's input and output types; has no value at run time. */
export interface AgentTypes<I, O> {
  readonly input?: I;
  readonly output?: O;
}

/** What an engine is to keep to under load. */
export interface Objective {
  /** 99 % of the tasks end within this time of being submitted, in milliseconds. */
  readonly p99Ms: number;
}

interface AgentOptions<I, O> {
  /** Task types that this agent can serve; several agents may serve one. Default: none. */
  readonly capabilities?: readonly string[];
  /** Longest time one attempt may run, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number;
  /**
   * Longest time from submit to the end of a task, over all attempts and waits, in milliseconds; then it fails with the
   * code DEADLINE. Of several agents of one capability the shortest counts. Default: no limit.
   */
  readonly deadlineMs?: number;
  /** What is done when an attempt fails. Default: the task fails. */
  readonly retry?: RetryOptions;
  /**
   * Where a task goes on, step by step, once this agent has failed it for good or does not take tasks: other agents, by
   * name, with limits, retries and fallbacks of their own, and functions `(input, error) => value`, which run on the
   * event loop within this agent's `timeoutMs`. If all steps fail the task fails with the first error. At most 32.
   * Default: none.
   */
  readonly fallback?: readonly FallbackStep<NoInfer<I>, NoInfer<O>>[];
  /** The objective of this agent's tasks. Default: the engine's. */
  readonly slo?: Objective;
  /**
   * Leaves the agent alone for a while when too many of its calls fail or are slow; its tasks then go to the others of
   * their capability, or fail at once as `BREAKER_OPEN`. Agents that name the same `upstream` share one breaker.
   * Default: none.
   */
  readonly breaker?: true | BreakerOptions;
  /**
   * Gives an input that is safe to try. While the agent is failed it is tried with such inputs in the background, outside
   * of all counts, and takes tasks again when they succeed. Default: none; a failed agent is tried with a task.
   */
  readonly probe?: () => NoInfer<I>;
  /** A Standard Schema that every input must satisfy before it is admitted. Default: none. */
  readonly input?: StandardSchema<I>;
  /** Names of the engine's `resources` that each attempt draws on. Default: none. */
  readonly resources?: readonly string[];
  /**
   * What a call is expected to use, at most: it is reserved of resources and budgets until the call says what it used.
   * Called once a task, so it has to be quick. Default: what calls have used lately.
   */
  readonly estimate?: (input: I) => Usage;
}

/** Options of an I/O-bound agent, which runs as promises on the event loop. */
export interface IoAgentOptions<I, O> extends AgentOptions<I, O> {
  readonly run: (input: I, ctx: TaskContext) => O | Promise<O>;
  /**
   * How many attempts may be in flight at once, at most. With the adaptive policy the engine starts there and finds
   * how many the upstream serves at full speed; without a limit it starts at 8 and goes up to 1,000. With the other
   * policies the default is 64.
   */
  readonly limit?: number;
  /** Name of what the calls go to, such as one API key: agents that name the same share what is found for it. */
  readonly upstream?: string;
}

/** Options of a CPU-bound agent, which runs on worker threads. */
export interface CpuAgentOptions<I, O> extends AgentOptions<I, O> {
  /** File URL of the module that exports the handler: JavaScript, or TypeScript if tsx is installed. */
  readonly module: URL | string;
  /** Name of the export. Default `default`. */
  readonly export?: string;
  /**
   * Longest time that a task may block its thread without a turn of the event loop, in milliseconds: beyond it the
   * thread is replaced and the task fails as `STALLED`, whatever `timeoutMs` says. A handler that awaits something
   * does not block. Default: `threads.stallMs` of the engine.
   */
  readonly stallMs?: number;
  /**
   * `'process'`: the handler runs in a child process of each thread, one task at a time. A crash of native code, or
   * `process.abort()`, then ends that process alone, and the task fails as `WORKER_LOST`. It costs a process a thread and
   * a message each way; input and result are copied, shared memory and `ctx.transfer` are not available, and
   * `ctx.cancelled` changes only when the handler lets its event loop turn. Default: the handler runs on the thread.
   */
  readonly isolate?: 'process';
  /** How many tasks may be on threads at once. Default: no limit but the threads. */
  readonly limit?: number;
  /**
   * Whether a task may run again after its thread died. Tasks that may not are never batched, and never retried after
   * such a death. Default true.
   */
  readonly idempotent?: boolean;
  /**
   * How long a handler may go on after it was told to stop, by `ctx.signal` and `ctx.cancelled`, in milliseconds; then its
   * thread is taken, and those that wait behind it on that thread go to another. Threads are looked at every 20 ms.
   * Default 100.
   */
  readonly graceMs?: number;
  /** Types of input and output: `types: {} as AgentTypes<Chunk, Print>`. */
  readonly types?: AgentTypes<I, O>;
}

/** An agent as `ioAgent` makes it. */
export interface IoAgent<N extends string, I, O, C extends string> {
  readonly lane: 'loop';
  readonly name: N;
  readonly options: Omit<IoAgentOptions<I, O>, 'capabilities'> & { readonly capabilities?: readonly C[] };
}

/** An agent as `cpuAgent` makes it. */
export interface CpuAgent<N extends string, I, O, C extends string> {
  readonly lane: 'threads';
  readonly name: N;
  readonly options: Omit<CpuAgentOptions<I, O>, 'capabilities'> & { readonly capabilities?: readonly C[] };
}

type AnyOptions<T> = Omit<T, 'input' | 'capabilities' | 'fallback' | 'probe' | 'estimate'> & {
  readonly probe?: () => unknown;
  readonly input?: StandardSchema;
  readonly fallback?: readonly FallbackStep<never, unknown>[];
  readonly estimate?: (input: never) => Usage;
  readonly capabilities?: readonly string[];
};

/** Any agent, its input and output types forgotten. */
export type Agent =
  | {
      readonly lane: 'loop';
      readonly name: string;
      readonly options: AnyOptions<IoAgentOptions<never, unknown>>;
    }
  | {
      readonly lane: 'threads';
      readonly name: string;
      readonly options: AnyOptions<CpuAgentOptions<unknown, unknown>>;
    };

// `NoInfer`: an agent's types come from its own options, never from the place that it is written in.

/** Defines an I/O-bound agent. Nothing is checked until it is registered. */
export function ioAgent<const N extends string, I, O, const C extends string = never>(
  name: N,
  options: Omit<IoAgentOptions<I, O>, 'capabilities'> & { readonly capabilities?: readonly C[] },
): IoAgent<N, NoInfer<I>, O, NoInfer<C>> {
  return { lane: 'loop', name, options };
}

/** Defines a CPU-bound agent. Nothing is loaded until it is registered. */
export function cpuAgent<const N extends string, I = unknown, O = unknown, const C extends string = never>(
  name: N,
  options: Omit<CpuAgentOptions<I, O>, 'capabilities'> & { readonly capabilities?: readonly C[] },
): CpuAgent<N, NoInfer<I>, NoInfer<O>, NoInfer<C>> {
  return { lane: 'threads', name, options };
}
