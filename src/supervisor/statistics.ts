import type { Histogram } from 'hdr-histogram-js';
import type { ShedCounts } from '../admission/shed-counts.ts';
import type { Stations } from '../admission/stations.ts';
import type { DeadLetterStats } from '../contract/dead-letters.ts';
import { ConfigError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import type { OverflowStats } from '../contract/overflow.ts';
import type {
  AdmissionStats,
  AgentStats,
  CostStats,
  EngineStats,
  LaneStats,
  LatencyTriple,
  LimitStats,
  ThreadStats,
} from '../contract/stats.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import { loadFactor } from '../dispatch/choose-agent.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { RetryBudget } from '../dispatch/retry-budget.ts';
import type { Settlement } from '../dispatch/settlement.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { ThreadLink } from '../lanes/thread-link.ts';
import { SLOT_STATE } from '../load-table/layout.ts';
import { emptyPicture } from '../load-table/reader.ts';
import { summarize } from '../telemetry/latency-summary.ts';
import type { Totals } from './lane-totals.ts';
import type { Registry } from './registry.ts';
import type { Supervisor } from './supervisor.ts';

const STATE_NAMES: Record<number, ThreadStats['state']> = {
  [SLOT_STATE.free]: 'dead',
  [SLOT_STATE.starting]: 'starting',
  [SLOT_STATE.idle]: 'idle',
  [SLOT_STATE.busy]: 'busy',
  [SLOT_STATE.draining]: 'draining',
};

/** What the load table does not tell: whether the thread is given work. */
const LINK_STATES: Partial<Record<ThreadLink['state'], ThreadStats['state']>> = {
  loading: 'starting',
  standby: 'standby',
  draining: 'draining',
};

/** What the numbers are taken from. */
export interface StatsSource {
  readonly uptimeMs: number;
  readonly nowMs: number;
  readonly sheds: ShedCounts;
  readonly policy: AdmissionStats['policy'];
  readonly loadFactor: number;
  readonly queueLimit: number;
  readonly stations: Stations;
  readonly dispatcher: Dispatcher;
  readonly settlement: Settlement;
  readonly supervisor: Supervisor;
  readonly registry: Registry;
  readonly budget: RetryBudget;
  readonly overflow: OverflowStats | undefined;
  readonly deadLetters: DeadLetterStats;
  readonly cost: CostStats;
}

export function engineStats(source: StatsSource): EngineStats {
  const { dispatcher, settlement, supervisor, registry, sheds, budget } = source;
  const agents = [...registry.agents.values()];
  const loopPlaces = agents.reduce((sum, agent) => (agent.lane === 'loop' ? sum + agent.limit : sum), 0);
  const { lane } = supervisor;
  const threads = lane?.readyThreads ?? 0;
  const { completed, failed, cancelled } = settlement.counts;
  const { waiting } = dispatcher;
  const running = settlement.inside - waiting;
  const rejected = sheds.total;
  const submitted = waiting + running + completed + failed + cancelled + rejected;
  return {
    uptimeMs: source.uptimeMs,
    tasks: { submitted, waiting, running, completed, failed, cancelled, rejected },
    loadFactor: Math.min(1, source.loadFactor),
    queue: { waiting, limit: source.queueLimit },
    lanes: {
      threads: laneStats(registry.totals('threads'), threads),
      loop: laneStats(registry.totals('loop'), loopPlaces),
    },
    agents: agents.map((agent) => agentStats(agent, threads, source.nowMs)),
    threads: lane === undefined ? [] : threadStats(lane, source.nowMs),
    restarts: supervisor.retired.lost,
    standIns: lane?.pool.standIns ?? 0,
    retired: supervisor.retired.totals,
    retries: { waiting: dispatcher.room.asideCount, made: budget.made, denied: budget.denied },
    admission: {
      policy: source.policy,
      shed: { ...sheds.byReason },
      limits: limitStats(source.stations),
    },
    deadLetters: source.deadLetters,
    cost: source.cost,
    ...(source.overflow && { overflow: source.overflow }),
  };
}

/** @throws ConfigError if there is no such agent, or no such kind. */
export function histogramOf(agent: AgentEntry | undefined, name: string, kind: string): Histogram {
  if (agent === undefined) {
    throw new ConfigError('UNKNOWN_AGENT', 'agent', `no agent "${name}" is registered`, { received: name });
  }
  if (kind !== 'wait' && kind !== 'service' && kind !== 'total') {
    const message = `kind: expected "wait", "service" or "total", got ${describe(kind)}`;
    throw new ConfigError('INVALID_OPTION', 'kind', message, { received: describe(kind) });
  }
  return agent[kind].toHistogram();
}

function agentStats(agent: AgentEntry, threads: number, nowMs: number): AgentStats {
  return {
    name: agent.name,
    lane: agent.lane,
    state: agent.state,
    capabilities: agent.capabilities,
    limit: agent.limit,
    inFlight: agent.inFlight,
    loadFactor: Math.min(1, loadFactor(agent, threads)),
    counts: { ...agent.counts },
    retries: agent.retries,
    fallbacks: agent.fallbacks,
    latencyMs: latencies(agent),
    ...(agent.breaker && { breaker: agent.breaker.stats(nowMs) }),
  };
}

/** What bounds how much runs at once: the threads, and each upstream. */
function limitStats(stations: Stations): LimitStats[] {
  return [...stations.all()]
    .filter((station) => station.servers.size > 0)
    .map(({ name, lane, slots, running, waitingTotal }) => ({
      name,
      lane,
      concurrency: slots,
      running,
      waiting: waitingTotal,
    }));
}

/** A lane is the sum of its agents, of those that were removed too. */
function laneStats(totals: Totals, places: number): LaneStats {
  return {
    running: totals.inFlight,
    completed: totals.counts.completed,
    failed: totals.counts.failed,
    loadFactor: places === 0 ? 0 : Math.min(1, totals.inFlight / places),
    latencyMs: latencies(totals),
  };
}

/** Every thread that is up, straight from the load table. */
function threadStats(lane: ThreadLane, nowMs: number): ThreadStats[] {
  return [...lane.roster.links.values()].map((link) => {
    const picture = lane.table.read(link.slot, emptyPicture(link.slot));
    const aliveMs = nowMs - picture.bornAtMs;
    return {
      slot: link.slot,
      threadId: link.threadId,
      state: LINK_STATES[link.state] ?? STATE_NAMES[picture.state] ?? 'dead',
      blocked: link.syncWaits > 0,
      started: picture.started,
      completed: picture.completed,
      failed: picture.failed,
      utilization: aliveMs > 0 ? Math.min(1, picture.busyMs / aliveMs) : 0,
      busyMs: picture.busyMs,
      heapUsedBytes: picture.heapUsedBytes,
      externalBytes: picture.externalBytes,
      sinceProgressMs: picture.started === 0 ? 0 : Math.max(0, nowMs - picture.lastProgressAtMs),
      serviceMs: summarize(lane.table.latency(link.slot)),
    };
  });
}

function latencies(totals: Totals): LatencyTriple {
  return {
    wait: summarize(totals.wait),
    service: summarize(totals.service),
    total: summarize(totals.total),
  };
}
