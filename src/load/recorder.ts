import type { Outcome } from '../contract/outcome.ts';
import { LatencyHistogram } from '../report/latency-histogram.ts';
import { PRIORITY_NAMES, type PriorityName } from './priority-names.ts';
import { Tally } from './tally.ts';

/** One agent over the whole run, and the latencies of the interval that is under way. */
export class AgentRecord {
  readonly name: string;
  readonly tally = new Tally();
  readonly latency = new LatencyHistogram();
  readonly wait = new LatencyHistogram();
  readonly service = new LatencyHistogram();
  /** Latencies of this interval alone; `latency` has them once the interval is over. */
  readonly interval = new LatencyHistogram();

  constructor(name: string) {
    this.name = name;
  }

  endInterval(): void {
    this.latency.add(this.interval);
    this.interval.reset();
  }
}

/** One priority over the whole run. */
class PriorityRecord {
  readonly tally = new Tally();
  readonly latency = new LatencyHistogram();
}

/** A task as the generator sent it. */
export interface SentTask {
  readonly agent: AgentRecord;
  readonly priority: PriorityName;
  readonly intendedAtMs: number;
}

/**
 * Records the measured part of a run: counts and histograms for each agent, each priority and each interval, and the
 * generator's lag. Latency counts from the intended arrival.
 */
export class Recorder {
  readonly agents: ReadonlyMap<string, AgentRecord>;
  readonly priorities = new Map(PRIORITY_NAMES.map((name) => [name, new PriorityRecord()]));
  readonly totals = new Tally();
  readonly lag = new LatencyHistogram();
  readonly #sloMs: number;
  #interval = new Tally();
  #intervalLagMs = 0;
  /** Why the first task failed that did. */
  firstFailure: string | undefined = undefined;

  /** @param sloP99Ms `null` if there is no objective */
  constructor(agentNames: readonly string[], sloP99Ms: number | null) {
    this.agents = new Map(agentNames.map((name) => [name, new AgentRecord(name)]));
    this.#sloMs = sloP99Ms ?? Number.POSITIVE_INFINITY;
  }

  sent({ agent, priority, intendedAtMs }: SentTask, sentAtMs: number): void {
    const lagMs = sentAtMs - intendedAtMs;
    this.lag.record(lagMs);
    if (lagMs > this.#intervalLagMs) this.#intervalLagMs = lagMs;
    this.totals.offer();
    this.#interval.offer();
    agent.tally.offer();
    this.#of(priority).tally.offer();
  }

  ended({ agent, priority, intendedAtMs }: SentTask, outcome: Outcome, endedAtMs: number): void {
    const record = this.#of(priority);
    for (const tally of [this.totals, this.#interval, agent.tally, record.tally]) {
      count(tally, outcome, endedAtMs - intendedAtMs <= this.#sloMs);
    }
    if (outcome.status === 'failed') this.firstFailure ??= outcome.error.message;
    if (outcome.status !== 'completed') return;
    agent.interval.record(endedAtMs - intendedAtMs);
    agent.wait.record(outcome.timing.waitMs);
    agent.service.record(outcome.timing.serviceMs);
    record.latency.record(endedAtMs - intendedAtMs);
  }

  /** What the interval has counted so far. */
  get interval() {
    const { counts, open } = this.#interval;
    return { counts, lagMs: this.#intervalLagMs, hasEvents: counts.offered > 0 || open < 0 };
  }

  /** Starts the next interval. */
  endInterval(): void {
    for (const agent of this.agents.values()) agent.endInterval();
    this.#interval = new Tally();
    this.#intervalLagMs = 0;
  }

  #of(priority: PriorityName): PriorityRecord {
    return this.priorities.get(priority)!;
  }
}

function count(tally: Tally, outcome: Outcome, withinSlo: boolean): void {
  switch (outcome.status) {
    case 'completed':
      tally.complete(withinSlo);
      break;
    case 'failed':
      tally.fail();
      break;
    case 'cancelled':
      tally.cancel();
      break;
    default:
      tally.reject(outcome.error.reason);
  }
}
