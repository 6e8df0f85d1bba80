import { EpochTally } from '../admission/epoch.ts';
import type { Server } from '../admission/flow.ts';
import { HIGHEST } from '../admission/priority-class.ts';
import type { Station } from '../admission/station.ts';
import type { Member, Stations } from '../admission/stations.ts';
import type { Agent } from '../contract/agent.ts';
import type { TaskError } from '../contract/errors.ts';
import type { ThreadFault } from '../contract/fault.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { RetryOptions } from '../contract/retry.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import type { AgentState } from '../contract/stats.ts';
import type { Task } from '../contract/task.ts';
import type { LoopAgentRef } from '../lanes/loop-lane.ts';
import type { ThreadAgentRef } from '../lanes/thread-roster.ts';
import { LatencyBuckets } from '../load-table/latency-buckets.ts';
import type { Ledger } from '../resources/ledger.ts';
import type { Spender } from '../resources/spender.ts';
import type { Breaker } from './breaker.ts';
import type { Breakers } from './breakers.ts';
import type { Step } from './fallback-chain.ts';
import type { Route } from './route.ts';

/** What the engine's options say for all agents. */
export interface AgentSettings {
  readonly sloMs: number;
  /** Limit of an agent of the loop lane that names none. */
  readonly loopLimit: number;
  readonly stations: Stations;
  readonly breakers: Breakers;
  readonly ledger: Ledger;
}

/** Weight of a new service time in the expected one. */
const SMOOTHING = 1 / 32;

/** A registered agent: what its options say, and what is known of it since. */
export class AgentEntry implements LoopAgentRef, ThreadAgentRef, Server, Member {
  readonly id: number;
  /** As it was registered. */
  readonly definition: Agent;
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  readonly capabilities: readonly string[];
  readonly limit: number;
  readonly ownLimit: number | undefined;
  readonly upstream: string | undefined;
  readonly sloMs: number;
  readonly station: Station;
  readonly breaker: Breaker<AgentEntry> | undefined;
  readonly tally = new EpochTally();
  /** What it uses of resources and money. */
  readonly spender: Spender;
  /** The same, of an agent that draws on resources. */
  readonly draws: Spender | undefined;
  readonly timeoutMs: number | undefined;
  readonly deadlineMs: number | undefined;
  /** `undefined` if nothing is tried twice. */
  readonly retry: RetryOptions | undefined;
  readonly fallback: readonly Step[];
  /** `undefined`: the engine's. */
  readonly stallMs: number | undefined;
  readonly idempotent: boolean;
  readonly isIsolated: boolean;
  mayBatch: boolean;
  readonly graceMs: number;
  readonly schema: StandardSchema | undefined;
  /** Its handler, with the faults before it if there are any. */
  run: LoopAgentRef['run'];
  faults: readonly ThreadFault[] = [];
  readonly probe: (() => unknown) | undefined;
  readonly module: string;
  readonly exportName: string;
  /** Where tasks for this agent wait: one for its name, one for each capability. */
  readonly routes: Route[] = [];
  readonly wait = new LatencyBuckets();
  readonly service = new LatencyBuckets();
  readonly total = new LatencyBuckets();
  readonly counts = { completed: 0, failed: 0, cancelled: 0 };
  /** Failed attempts that another one followed. */
  retries = 0;
  /** Tasks that went on to its fallback. */
  fallbacks = 0;
  /** Its last failed attempt, by the engine's clock. */
  lastFailure: { readonly error: TaskError; readonly atMs: number } | undefined = undefined;
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

  constructor(id: number, agent: Agent, settings: AgentSettings) {
    const { options } = agent;
    this.spender = settings.ledger.spender(agent.name, options.estimate, options.resources ?? []);
    const { resources } = this.spender;
    this.draws = resources.length > 0 ? this.spender : undefined;
    for (const resource of resources) resource.servers.add(this);
    this.ownLimit = options.limit;
    this.sloMs = options.slo?.p99Ms ?? settings.sloMs;
    this.id = id;
    this.definition = agent;
    this.name = agent.name;
    this.lane = agent.lane;
    this.capabilities = [...(options.capabilities ?? [])];
    this.timeoutMs = options.timeoutMs;
    this.deadlineMs = options.deadlineMs;
    this.retry = options.retry === undefined || options.retry.attempts === 1 ? undefined : options.retry;
    this.fallback = (options.fallback ?? []).map((step) =>
      typeof step === 'string' ? { kind: 'agent', name: step } : { kind: 'function', run: step, agent: this },
    );
    this.schema = options.input;
    this.probe = options.probe;
    if (agent.lane === 'loop') {
      this.limit = agent.options.limit ?? settings.loopLimit;
      this.upstream = agent.options.upstream;
      this.run = agent.options.run as LoopAgentRef['run'];
      this.stallMs = undefined;
      this.isIsolated = false;
      this.idempotent = true;
      this.graceMs = 0;
      this.module = '';
      this.exportName = '';
    } else {
      this.limit = agent.options.limit ?? Number.POSITIVE_INFINITY;
      this.upstream = undefined;
      this.run = runsOnThreads;
      this.stallMs = agent.options.stallMs;
      this.isIsolated = agent.options.isolate === 'process';
      this.idempotent = agent.options.idempotent ?? DEFAULTS.agent.idempotent;
      this.graceMs = agent.options.graceMs ?? DEFAULTS.agent.graceMs;
      this.module = String(agent.options.module);
      this.exportName = agent.options.export ?? DEFAULTS.agent.export;
    }
    this.mayBatch = this.idempotent;
    this.breaker = settings.breakers.join(this, options.breaker);
    this.station = settings.stations.join(this);
    this.station.servers.add(this);
  }

  get hasRoom(): boolean {
    return (
      this.inFlight < this.limit &&
      this.station.hasSlot(HIGHEST) &&
      !this.failed &&
      !this.removed &&
      (this.breaker === undefined || this.breaker.hasRoom) &&
      (this.draws === undefined || !this.draws.isClosed)
    );
  }

  /** Whether it is not as it should be: switched off, or its breaker is not closed. */
  get isIll(): boolean {
    return this.failed || (this.breaker !== undefined && this.breaker.kind !== 'closed');
  }

  /** Its breaker is half-open. */
  get isTrying(): boolean {
    return this.breaker !== undefined && this.breaker.kind === 'half-open';
  }

  /** Whether it takes tasks, now or as soon as it has room. */
  get takesTasks(): boolean {
    return !this.failed && (this.breaker === undefined || this.breaker.takesTasks);
  }

  get state(): AgentState {
    if (this.failed || this.breaker?.hasFailed) return 'failed';
    if (this.inFlight === 0) return 'idle';
    return this.inFlight < this.limit ? 'busy' : 'overloaded';
  }

  /** An attempt at the task starts. */
  take(task: Task): void {
    this.inFlight++;
    if (this.breaker !== undefined) this.breaker.started(task);
    if (this.draws !== undefined) this.draws.take(task);
  }

  /** The attempt has left its lane. */
  leave(task: Task): void {
    this.inFlight--;
    if (this.draws !== undefined) this.draws.settle(task);
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
