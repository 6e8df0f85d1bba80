import type { Agent } from '../contract/agent.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import type { AgentState } from '../contract/stats.ts';
import type { LoopAgentRef } from '../lanes/loop-lane.ts';
import type { ThreadAgentRef } from '../lanes/thread-roster.ts';
import { LatencyBuckets } from '../load-table/latency-buckets.ts';
import type { Route } from './route.ts';

/** Weight of a new service time in the expected one. */
const SMOOTHING = 1 / 32;

/** A registered agent: what its options say, and what is known of it since. */
export class AgentEntry implements LoopAgentRef, ThreadAgentRef {
  readonly id: number;
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  readonly capabilities: readonly string[];
  readonly limit: number;
  readonly timeoutMs: number | undefined;
  readonly idempotent: boolean;
  readonly schema: StandardSchema | undefined;
  readonly run: LoopAgentRef['run'];
  readonly module: string;
  readonly exportName: string;
  /** Where tasks for this agent wait: one for its name, one for each capability. */
  readonly routes: Route[] = [];
  readonly wait = new LatencyBuckets();
  readonly service = new LatencyBuckets();
  readonly total = new LatencyBuckets();
  readonly counts = { completed: 0, failed: 0, cancelled: 0 };
  expectedMs = 0;
  /** Attempts on the lane. */
  inFlight = 0;
  /** Switched off: takes no tasks. */
  failed = false;
  /** Why it is switched off; goes on after its name in an error. */
  failedBecause = '';
  /** Its handler is not on the threads yet. */
  loading = false;
  removed = false;
  /** The state that was last reported. */
  reported: AgentState = 'idle';

  constructor(id: number, agent: Agent) {
    const { options } = agent;
    this.id = id;
    this.name = agent.name;
    this.lane = agent.lane;
    this.capabilities = [...(options.capabilities ?? [])];
    this.timeoutMs = options.timeoutMs;
    this.schema = options.input;
    if (agent.lane === 'loop') {
      this.limit = agent.options.limit ?? DEFAULTS.agent.limit;
      this.run = agent.options.run as LoopAgentRef['run'];
      this.idempotent = true;
      this.module = '';
      this.exportName = '';
    } else {
      this.limit = agent.options.limit ?? Number.POSITIVE_INFINITY;
      this.run = runsOnThreads;
      this.idempotent = agent.options.idempotent ?? DEFAULTS.agent.idempotent;
      this.module = String(agent.options.module);
      this.exportName = agent.options.export ?? DEFAULTS.agent.export;
    }
  }

  get hasRoom(): boolean {
    return this.inFlight < this.limit && !this.failed && !this.removed;
  }

  get state(): AgentState {
    if (this.failed) return 'failed';
    if (this.inFlight === 0) return 'idle';
    return this.inFlight < this.limit ? 'busy' : 'overloaded';
  }

  /** Enters one attempt into the histograms; times in milliseconds. */
  record(waitMs: number, serviceMs: number, totalMs: number): void {
    this.wait.record(waitMs);
    this.service.record(serviceMs);
    this.total.record(totalMs);
    if (this.expectedMs === 0) this.expectedMs = serviceMs;
    else this.expectedMs += (serviceMs - this.expectedMs) * SMOOTHING;
  }
}

function runsOnThreads(): never {
  throw new Error('an agent of the threads lane was started on the loop lane');
}
