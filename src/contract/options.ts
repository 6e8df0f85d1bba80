import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import type { Agent, Objective } from './agent.ts';
import type { Clock, Random } from './clock.ts';
import type { DeadLetterOptions } from './dead-letters.ts';
import type { EventStore } from './event-store.ts';
import type { Priority } from './handle.ts';
import type { Limit } from './limit.ts';
import type { OverflowSink } from './overflow.ts';
import type { BudgetOptions, ResourceOptions } from './resources.ts';
import type { RetryBudgetOptions } from './retry.ts';
import type { ScalingOptions } from './scaling.ts';
import type { SpillwayConfig } from './tuned-config.ts';

/** Every default of the engine, once. It feeds the code, the command line's help and the documentation. */
export const DEFAULTS = {
  threads: {
    count: availableParallelism(),
    min: 1,
    scaling: { targetLoad: 0.7, coolDownMs: 1_000, quietMs: 10_000 },
    startTimeoutMs: 30_000,
  },
  /** How often busy threads publish their memory, in milliseconds; the second is where they are recycled by it. */
  threadMemory: { everyMs: 1_000, recycleEveryMs: 100 },
  queue: { limit: 10_000, ageMs: 1_000 },
  admission: { policy: 'adaptive' },
  fixed: { threshold: 0.8 },
  slo: { p99Ms: 10_000 },
  concurrency: { initial: 8, min: 4, max: 1_000, maxPauseMs: 60_000 },
  memory: { heapShare: 0.9 },
  batch: { quantumMs: 1, maxTasks: 512 },
  restarts: { max: 8, windowMs: 60_000 },
  retry: { backoff: 'exponential', baseMs: 100, maxMs: 30_000 },
  retryBudget: { share: 0.1, windowMs: 10_000, minimum: 10 },
  restartBackoff: { minMs: 20, maxMs: 1_000 },
  breaker: {
    errorShare: 0.05,
    minCalls: 20,
    windowMs: 10_000,
    slowShare: 0.5,
    openMs: 500,
    maxOpenMs: 1_500,
    probes: 3,
    closeAfter: 5,
    failAfter: 3,
  },
  health: { history: 100, probeTimeoutMs: 10_000 },
  faults: {
    most: 16,
    share: 1,
    how: 'exit',
    delayMs: 1_000,
    message: 'injected fault',
    where: 'heap',
    mb: 16,
    maxMb: 1_024,
  },
  agent: { limit: 64, maxLimit: 1_000, export: 'default', idempotent: true, graceMs: 100 },
  poison: { kills: 2 },
  deadLetters: { on: 'poison', limit: 1_000, maxBytes: 64 * 1024 * 1024, listed: 100 },
  stream: { window: 1_000, ordered: false },
  sync: { maxNames: 10_000, maxWaiters: 10_000, stallMs: 1_000, patienceMs: 60_000 },
  resource: { windowMs: 60_000, maxPauseMs: 60_000 },
  budget: { per: 'total', warnAt: 0.8, names: 10_000 },
  cost: { names: 1_000 },
  closeTimeoutMs: 10_000,
  heapsTimeoutMs: 1_000,
} as const;

export const PRIORITY_LEVELS = { high: 10, normal: 0, low: -10 } as const;

/** Options of `createEngine`. */
export interface EngineOptions<A extends readonly Agent[] = readonly Agent[]> {
  readonly agents?: A;
  /** Worker threads. None is started before an agent needs one. */
  readonly threads?: {
    /** How many. Default: as many as the machine runs at once. */
    readonly count?: number;
    /**
     * Fewest threads, where they are to follow load: with `min` or `max` there are as many between the two as it takes.
     * `count` is then how many there are at first; default: `min`. Default 1, and never fewer than are reserved for high
     * priority and one more.
     */
    readonly min?: number;
    /** Most threads, where they are to follow load. Default: as many as the machine runs at once. */
    readonly max?: number;
    /** How threads follow load. */
    readonly scaling?: ScalingOptions;
    /** Memory limits of each thread, as Node.js takes them. Default: Node's. */
    readonly resourceLimits?: ResourceLimits;
    /**
     * `stallMs` of agents that name none, in milliseconds. Default: none, for an endless loop looks like a long
     * computation to all but the one who wrote it.
     */
    readonly stallMs?: number;
    /** How long a thread may take to load one module, in milliseconds. Default 30,000. */
    readonly startTimeoutMs?: number;
    /** When a thread that leaks is replaced. Default: never. */
    readonly recycle?: RecycleOptions;
  };
  readonly queue?: {
    /** Most tasks that may wait at once; beyond it a submit is shed as `queue-full`. Default 10,000. */
    readonly limit?: number;
    /** Waiting this long, in milliseconds, is worth one priority level. Default 1,000. */
    readonly ageMs?: number;
  };
  /** The objective of agents that have none of their own: 99 % of their tasks end within so many milliseconds. */
  readonly slo?: Objective;
  /** Who is let in. Default: by the latency that is measured. */
  readonly admission?:
    | ({ readonly policy: 'adaptive' } & AdaptiveOptions)
    | {
        readonly policy: 'fixed';
        /** Load at which tasks are shed, above 0 and at most 1. Default 0.8. */
        readonly threshold?: number;
        /** Outstanding tasks that count as a load of 1. Default: the queue's limit. */
        readonly capacity?: number;
      }
    | { readonly policy: 'none' }
    | { readonly policy: 'custom'; readonly limit: Limit };
  /** Takes what is shed and brings it back when load falls, such as `fileOverflow()`. Default: none. */
  readonly overflow?: OverflowSink;
  readonly batch?: {
    /** What a batch of small tasks should last on its thread, in milliseconds. Default 1. */
    readonly quantumMs?: number;
    /** Most tasks in a batch, 1 to 1,024. 1 switches batching off. Default 512. */
    readonly maxTasks?: number;
  };
  /** What agents draw on together, by name. Default: none. */
  readonly resources?: Readonly<Record<string, ResourceOptions>>;
  /** What may be spent. Tasks of a budget that is used up are shed as `budget-exhausted`. At most 1,000. Default: none. */
  readonly budgets?: readonly BudgetOptions[];
  /** How many thread deaths an agent may cause within the window before it is switched off for a window. */
  readonly restarts?: { readonly max?: number; readonly windowMs?: number };
  /** A task that has killed so many threads is not run again; it fails as `POISON`. Default 2. */
  readonly poison?: { readonly kills?: number };
  /** What is kept of tasks that failed for good, see `engine.deadLetters`. Default: of poison tasks, in memory. */
  readonly deadLetters?: DeadLetterOptions;
  /** What the retries of all tasks may take together. Default: 10 % of the traffic. */
  readonly retryBudget?: RetryBudgetOptions;
  /**
   * What `spillway tune` computed: the path or file URL of its `spillway.config.json`, or the same file as `readConfig`
   * or `JSON.parse` give it. It stands for the number of threads, the queue's limit, the objective, admission at a
   * fixed load, the quantum, and the limits and timeouts of the agents that it names. Options that are given here, and
   * an agent's own, come first. What it says of agents that are not registered is left alone: no error. Default: none.
   */
  readonly config?: SpillwayConfig | string | URL;
  /** Mutexes, semaphores and barriers. */
  readonly sync?: {
    /** Most names kept at once; of those that nobody uses the oldest are forgotten. Default 10,000. */
    readonly maxNames?: number;
    /** Most that may wait for one name at once; beyond it a wait is rejected with `SYNC_LIMIT`. Default 10,000. */
    readonly maxWaiters?: number;
    /**
     * A round of a barrier for which nobody is left who could come is broken after so many milliseconds. Default 1,000.
     */
    readonly stallMs?: number;
    /**
     * The same where somebody could come, but nobody has since the last one: code outside of handlers takes part, or all
     * tasks that there were have ended meanwhile and others have come after them. Default 60,000.
     */
    readonly patienceMs?: number;
  };
  /** Whether `injectFault()` may be used. Default false. */
  readonly faults?: boolean;
  /**
   * Where runs of workflows keep their events. What has ended stays in it. Default: in memory, gone with the engine, and of
   * runs that have ended the last 1,000.
   */
  readonly journal?: EventStore;
  /** How long `close()` waits for outstanding tasks, in milliseconds. Default 10,000. */
  readonly closeTimeoutMs?: number;
  /** Time and randomness, for simulation. Default: the machine's. */
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * A thread that is above one of these bounds takes no more work, finishes what it has started, and is replaced; one
 * thread at a time. Memory is published about ten times a second while a thread is busy, and includes garbage that was
 * not collected yet: leave room above what the handlers need.
 */
export interface RecycleOptions {
  /** Heap in use, in megabytes. Default: no bound but `resourceLimits`. */
  readonly heapMb?: number;
  /** Memory outside of the heap that is held by what is in it, such as buffers, in megabytes. Default: no bound. */
  readonly externalMb?: number;
  /** Tasks that the thread has started. Default: no bound. */
  readonly tasks?: number;
}

/** Options of the adaptive policy. */
export interface AdaptiveOptions {
  /** Slots (threads, places at an upstream) that only high priority may take. Default 0. */
  readonly reserve?: { readonly high: number };
  /** Share of the slots, 0 to 1, that low priority gets whatever the others ask for. Default 0. */
  readonly minShare?: { readonly low: number };
  /** Weights of tenants; those not named have 1. */
  readonly tenants?: { readonly weights: Readonly<Record<string, number>> };
  /** Above it everything is shed. */
  readonly memory?: {
    /** Share of the heap's limit, 0 to 1. Default 0.9. */
    readonly heapShare?: number;
    /** Resident memory of the process, in megabytes. Default: no ceiling. */
    readonly rssMb?: number;
  };
}

/** The integer behind a priority. */
export function priorityLevel(value: Priority | undefined): number {
  // On the way of every task: three comparisons cost less than one look-up by a name that varies.
  if (value === undefined || value === 'normal') return PRIORITY_LEVELS.normal;
  if (value === 'high') return PRIORITY_LEVELS.high;
  if (value === 'low') return PRIORITY_LEVELS.low;
  return value;
}
