import type { BreakerStats } from './breaker.ts';
import type { DeadLetterStats } from './dead-letters.ts';
import type { ShedReason } from './errors.ts';
import type { OverflowStats } from './overflow.ts';

/** Latency percentiles in milliseconds. All 0 while `count` is 0. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Where the time of completed and failed attempts went. */
export interface LatencyTriple {
  /** From submit to the start of the attempt. */
  readonly wait: LatencySummary;
  /** From the start of the attempt to its end. */
  readonly service: LatencySummary;
  /** From submit to the outcome. */
  readonly total: LatencySummary;
}

/** How many tasks went which way since the start. `submitted` is the sum of all others. */
export interface TaskCounts {
  readonly submitted: number;
  readonly waiting: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly rejected: number;
}

export type AgentState = 'idle' | 'busy' | 'overloaded' | 'failed';

export interface AgentStats {
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  readonly state: AgentState;
  readonly capabilities: readonly string[];
  /** `Infinity` if the agent has no limit of its own. */
  readonly limit: number;
  readonly inFlight: number;
  /** In flight over the limit, 0 to 1; for an agent without one, over the lane's slots. */
  readonly loadFactor: number;
  /** Attempts that completed and failed, and tasks that were cancelled while the agent had them. */
  readonly counts: Pick<TaskCounts, 'completed' | 'failed' | 'cancelled'>;
  /** Attempts that failed and were followed by another one. */
  readonly retries: number;
  /** Tasks that went on to this agent's fallback. */
  readonly fallbacks: number;
  readonly latencyMs: LatencyTriple;
  /** Only of an agent that has a breaker. */
  readonly breaker?: BreakerStats;
}

export interface LaneStats {
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  /** Running over the number of places; 0 for a lane without agents. */
  readonly loadFactor: number;
  readonly latencyMs: LatencyTriple;
}

/** Retries since the start. */
export interface RetryStats {
  /** Tasks that wait until their next attempt is due; they count as waiting. */
  readonly waiting: number;
  readonly made: number;
  /** Retries that were not made because all together had reached their share of the traffic. */
  readonly denied: number;
}

/** One thread, as the load table shows it. */
export interface ThreadStats {
  readonly slot: number;
  readonly threadId: number;
  /**
   * `starting`: loads handlers; `standby`: has loaded all, and takes work once another thread is lost; `draining`: takes no
   * more work, and ends what it has.
   */
  readonly state: 'starting' | 'standby' | 'idle' | 'busy' | 'draining' | 'dead';
  /** Its task waits for a lock or a barrier: the thread does nothing else meanwhile. */
  readonly blocked: boolean;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  /** Share of its life that the thread spent in handlers, 0 to 1. */
  readonly utilization: number;
  readonly busyMs: number;
  readonly heapUsedBytes: number;
  /** Held outside of the heap by what is in it, such as buffers. Both are published about once a second. */
  readonly externalBytes: number;
  /** How long ago the thread last finished something, in milliseconds; 0 if it has not started anything. */
  readonly sinceProgressMs: number;
  readonly serviceMs: LatencySummary;
}

/** What threads did that are gone. */
export interface RetiredStats {
  readonly threads: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
}

/** Memory of one thread's V8 heap, in bytes. */
export interface HeapReport {
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** Beyond it the thread dies. */
  readonly limitBytes: number;
  /** Held outside the heap by objects in it, such as buffers. */
  readonly externalBytes: number;
}

export interface ThreadHeap {
  readonly slot: number;
  readonly threadId: number;
  /** `undefined` if the thread was too busy to answer in time. */
  readonly heap: HeapReport | undefined;
}

/** One limit on how much may run at once, as of now. */
export interface LimitStats {
  /** `threads`, or the name of the upstream. */
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  /** How many attempts may run at once: the threads that take work, or what was found for the upstream. */
  readonly concurrency: number;
  /** Attempts on the lane; with batches more than `concurrency`. */
  readonly running: number;
  readonly waiting: number;
}

export interface AdmissionStats {
  readonly policy: 'adaptive' | 'fixed' | 'none' | 'custom';
  /** Tasks turned away since the start, by reason. */
  readonly shed: Readonly<Record<ShedReason, number>>;
  readonly limits: readonly LimitStats[];
}

/** What handlers reported that their calls have used. */
export interface UsageTotals {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

/** How much of a rate counts in the window that ends now; `limit` is `Infinity` while nobody says. */
export interface WindowStats {
  readonly used: number;
  readonly limit: number;
}

export interface ResourceStats extends UsageTotals {
  /** Started since the start. */
  readonly calls: number;
  readonly inFlight: number;
  /** Tasks wait for it. */
  readonly isFull: boolean;
  readonly windowMs: number;
  readonly requests: WindowStats;
  readonly tokens: WindowStats;
}

/** One unit of a budget; `limit` is `Infinity` for a unit that the budget does not bound. */
export interface SpentStats {
  readonly spent: number;
  /** For calls that have not ended. */
  readonly reserved: number;
  readonly limit: number;
}

/** One budget, for one tenant or workflow if it is by those; of the current day if it is by day. */
export interface BudgetStats {
  readonly name: string;
  readonly tenant: string | undefined;
  readonly workflow: string | undefined;
  readonly per: 'day' | 'total';
  readonly usd: SpentStats;
  readonly tokens: SpentStats;
}

/** What was used since the start. Of tenants and workflows at most 1,000 each, all others as `*`. */
export interface CostStats {
  readonly total: UsageTotals;
  readonly byAgent: Readonly<Record<string, UsageTotals>>;
  readonly byTenant: Readonly<Record<string, UsageTotals>>;
  readonly byWorkflow: Readonly<Record<string, UsageTotals>>;
  readonly resources: Readonly<Record<string, ResourceStats>>;
  readonly budgets: readonly BudgetStats[];
}

export interface EngineStats {
  readonly uptimeMs: number;
  readonly tasks: TaskCounts;
  /** Outstanding over capacity as admission sees it, 0 to 1. */
  readonly loadFactor: number;
  readonly queue: { readonly waiting: number; readonly limit: number };
  readonly lanes: { readonly threads: LaneStats; readonly loop: LaneStats };
  readonly agents: readonly AgentStats[];
  readonly threads: readonly ThreadStats[];
  /** How many threads were replaced since the start. */
  readonly restarts: number;
  /** How often a thread was started ahead of time, as another one seemed to be blocked. It takes no work before it has to. */
  readonly standIns: number;
  readonly retries: RetryStats;
  /** What threads did that are gone; with `threads` it is all that threads did since the start. */
  readonly retired: RetiredStats;
  readonly admission: AdmissionStats;
  readonly deadLetters: DeadLetterStats;
  readonly cost: CostStats;
  /** Only of an engine that has an overflow sink. */
  readonly overflow?: OverflowStats;
}
