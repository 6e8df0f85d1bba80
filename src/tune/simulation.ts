import type { Random } from '../contract/clock.ts';
import { TUNE_RULES } from './defaults.ts';
import { Departures } from './departures.ts';
import { WaitingRoom } from './waiting-room.ts';
import type { Workload } from './workload.ts';

/** What a configuration decides in the simulated engine. */
export interface Settings {
  readonly threads: number;
  /** Most tasks inside at once, waiting and running: what the fixed threshold comes to. */
  readonly bound: number;
  /** Most tasks that wait. */
  readonly queueLimit: number;
  /** Of agents on the event loop; without an entry there is none. */
  readonly limits: ReadonlyMap<string, number>;
}

/** What came of it. */
export interface Simulated {
  readonly offered: number;
  readonly shed: number;
  readonly seconds: number;
  /** The measured run, played again and again with other luck. */
  readonly runs: readonly SimulatedRun[];
}

/** Latencies of completed tasks, sorted, in milliseconds. */
export interface SimulatedRun {
  readonly all: Float64Array;
  /** In the order of the workload's agents. */
  readonly agents: readonly Float64Array[];
}

/**
 * The engine as a queueing network, simulated event by event: open-loop arrivals, as many in every interval as the report
 * counted; service times drawn from the measured histograms (bootstrap: Efron, 1979); admission at a bound; one queue for
 * the threads, one for each agent on the event loop. Closed forms know neither the bound, nor priorities, nor loads that
 * change.
 */
export function simulate(workload: Workload, settings: Settings, random: Random): Simulated {
  const { runs: leastRuns, least } = TUNE_RULES.arrivals;
  const tally: Tally = { offered: 0, shed: 0, ms: 0 };
  const runs: SimulatedRun[] = [];
  let before: number;
  do {
    before = tally.offered;
    const latencies = new Run(workload, settings, random, tally).play();
    runs.push({
      all: Float64Array.from(latencies.flat()).sort(),
      agents: latencies.map((values) => Float64Array.from(values).sort()),
    });
  } while (tally.offered > before && (tally.offered < least || runs.length < leastRuns));
  return { offered: tally.offered, shed: tally.shed, seconds: tally.ms / 1_000, runs };
}

/** Like a report's percentiles: the smallest value that the share `q` does not exceed; 0 if there is none. */
export function quantile(sortedMs: Float64Array, q: number): number {
  return sortedMs[Math.max(0, Math.ceil(q * sortedMs.length) - 1)] ?? 0;
}

/** A quantile as one run shows it: least, most and median of all simulated runs. Close to saturation luck decides much. */
export interface QuantileRange {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export function quantileRange(
  { runs }: Simulated,
  latencies: (run: SimulatedRun) => Float64Array,
  q: number,
): QuantileRange {
  const found = Float64Array.from(runs, (run) => quantile(latencies(run), q)).sort();
  return { low: found[0]!, median: quantile(found, 0.5), high: found[found.length - 1]! };
}

/** What all runs add to. */
interface Tally {
  offered: number;
  shed: number;
  ms: number;
}

/** A place where attempts run: all threads together, or one agent on the event loop. */
interface Place {
  readonly slots: number;
  readonly room: WaitingRoom;
  running: number;
}

/** One pass through all phases, from an empty engine on. */
class Run {
  private readonly departures = new Departures();
  private readonly places: readonly Place[];
  private readonly shares: readonly number[];
  private readonly levels: readonly number[];
  private readonly threadsShare: number;
  private inside = 0;
  private waiting = 0;

  private readonly workload: Workload;
  private readonly settings: Settings;
  private readonly random: Random;
  private readonly tally: Tally;
  private readonly latencies: readonly number[][];

  constructor(workload: Workload, settings: Settings, random: Random, tally: Tally) {
    this.workload = workload;
    this.settings = settings;
    this.random = random;
    this.tally = tally;
    this.latencies = workload.agents.map(() => []);
    this.shares = cumulative(workload.agents.map(({ share }) => share));
    this.levels = cumulative(workload.priorities.map(({ share }) => share));
    const members = workload.agents.map((agent, index) => ({ agent, index }));
    const onThreads = members.filter(({ agent }) => agent.lane === 'threads');
    this.threadsShare = onThreads.reduce((sum, { agent }) => sum + agent.share, 0);
    const threads = { slots: settings.threads, room: new WaitingRoom(onThreads, workload), running: 0 };
    this.places = members.map((each) => {
      if (each.agent.lane === 'threads') return threads;
      const slots = settings.limits.get(each.agent.name) ?? Number.POSITIVE_INFINITY;
      return { slots, room: new WaitingRoom([each], workload), running: 0 };
    });
  }

  /** The latencies by agent, in milliseconds. */
  play(): readonly number[][] {
    const { phases, warmupMs } = this.workload;
    const [first] = phases;
    const warmup = {
      durationMs: warmupMs,
      arrivals: Math.round((first!.arrivals * warmupMs) / first!.durationMs),
    };
    let startMs = 0;
    for (const [i, { durationMs, arrivals }] of [warmup, ...phases].entries()) {
      if (i === 1) this.fillUp(startMs);
      const endMs = startMs + durationMs;
      let at = startMs;
      for (let left = arrivals; left > 0; left--) {
        at += this.gapMs(endMs - at, left);
        this.arrive(at);
      }
      startMs = endMs;
    }
    this.tally.ms += startMs - warmupMs;
    this.runUntil(Number.POSITIVE_INFINITY);
    return this.latencies;
  }

  /**
   * The distance to the next of `left` arrivals in what is left of a phase. A Poisson process of which the number is
   * known is as many uniform draws; this is the distance to the least of them.
   */
  private gapMs(untilEndMs: number, left: number): number {
    if (this.workload.isEven) return untilEndMs / (left + 1);
    return untilEndMs * (1 - (1 - this.random()) ** (1 / left));
  }

  /** Makes the queues as long as they were when the measured part of the run began, as far as the bound allows. */
  private fillUp(nowMs: number): void {
    this.runUntil(nowMs);
    for (const [agent, { name, lane }] of this.workload.agents.entries()) {
      // All agents on threads share one queue; each of them brings its share.
      const share = lane === 'threads' ? this.workload.agents[agent]!.share / this.threadsShare : 1;
      const waiting = (this.workload.backlog.get(lane === 'threads' ? 'threads' : name) ?? 0) * share;
      for (let n = 0; n < Math.round(waiting); n++) {
        // Before the measured part, so that it is not counted.
        this.enter(agent, pick(this.levels, this.random()), nowMs - 1e-6, nowMs);
      }
    }
  }

  private arrive(nowMs: number): void {
    this.runUntil(nowMs);
    const counts = nowMs >= this.workload.warmupMs;
    if (counts) this.tally.offered++;
    const agent = pick(this.shares, this.random());
    const priority = pick(this.levels, this.random());
    if (!this.enter(agent, priority, nowMs, nowMs) && counts) this.tally.shed++;
  }

  /** Whether the task is let in. */
  private enter(agent: number, priority: number, arrivalMs: number, nowMs: number): boolean {
    const place = this.places[agent]!;
    const isFree = place.running < place.slots;
    const { bound, queueLimit } = this.settings;
    if (this.inside >= bound || (!isFree && this.waiting >= queueLimit)) return false;
    this.inside++;
    if (isFree) this.start(agent, arrivalMs, nowMs);
    else {
      this.waiting++;
      place.room.add(agent, priority, arrivalMs);
    }
    return true;
  }

  private start(agent: number, arrivalMs: number, nowMs: number): void {
    const { service, lane } = this.workload.agents[agent]!;
    const { distribution, scale } = service;
    const serviceMs = scale * distribution.atRankMs(1 + Math.floor(this.random() * distribution.count));
    if (arrivalMs >= this.workload.warmupMs) this.latencies[agent]!.push(nowMs + serviceMs - arrivalMs);
    this.places[agent]!.running++;
    this.departures.add(nowMs + serviceMs * (lane === 'threads' ? this.workload.occupancy : 1), agent);
  }

  private runUntil(untilMs: number): void {
    const { departures } = this;
    while (departures.nextMs <= untilMs && departures.nextMs < Number.POSITIVE_INFINITY) {
      const nowMs = departures.nextMs;
      const place = this.places[departures.take()]!;
      this.inside--;
      place.running--;
      const next = place.room.next();
      if (next === undefined) continue;
      this.waiting--;
      this.start(next.agent, next.arrivalMs, nowMs);
    }
  }
}

function cumulative(shares: readonly number[]): number[] {
  let sum = 0;
  return shares.map((share) => {
    sum += share;
    return sum;
  });
}

/** Index of the share that a number in [0, 1) falls into. */
function pick(upTo: readonly number[], at: number): number {
  const scaled = at * upTo[upTo.length - 1]!;
  let index = 0;
  while (index < upTo.length - 1 && upTo[index]! <= scaled) index++;
  return index;
}
