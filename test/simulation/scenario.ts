import { cpuAgent, ioAgent } from '../../src/contract/agent.ts';
import type { Limit } from '../../src/contract/limit.ts';
import { lognormal, seededRandom } from '../../src/upstream/seeded-random.ts';
import { isCompleted, Simulation } from './simulation.ts';
import { UpstreamModel } from './upstream-model.ts';

export const PRIORITIES = ['high', 'normal', 'low'] as const;
/** Share of the arrivals of each priority, added up. */
const SHARES = [0.1, 0.4, 1] as const;

export interface Scenario {
  readonly lane: 'threads' | 'loop';
  readonly seed: number;
  readonly sloMs: number;
  /** Offered over capacity, at a moment of the run, in seconds. */
  readonly load: (atS: number) => number;
  readonly durationS: number;
  /** What is measured, in seconds. */
  readonly fromS: number;
  readonly toS?: number;
  readonly knee?: number;
  /** Changes of the model, by second. */
  readonly events?: readonly { readonly atS: number; readonly knee?: number; readonly slowdown?: number }[];
  /** Capacity at a moment over that of the start, where events change it. */
  readonly capacity?: (atS: number) => number;
  /** Agents, and which of them a task at a moment is for. */
  readonly mix?: {
    readonly factors: readonly number[];
    readonly pick: (atS: number, random: number) => number;
  };
  readonly limit?: () => Limit;
  readonly queueLimit?: number;
  /** Called for each task that ended, for time series. */
  readonly watch?: (second: Second) => void;
}

/** What was offered in one second of a run, and what became of it. */
export interface Second {
  offered: number;
  admitted: number;
  /** Of those offered in this second: completed within the objective. */
  good: number;
  /** Good ones that completed in this second, each as much as its agent's tasks take on average. */
  goodAtEnd: number;
  concurrency: number;
}

export interface Result {
  /** Completed within the objective over what could have been served, in work. */
  readonly goodput: number;
  /** p99 of the sojourn of those that completed, over the objective. */
  readonly p99: number;
  /** Share of the offered ones of each class that completed within the objective. */
  readonly good: readonly number[];
  readonly rejected: number;
  readonly seconds: readonly Second[];
}

/** Service times at full speed, mean 1: lognormal for threads; with a tail of 3 % Pareto for calls. */
function serviceOf(lane: 'threads' | 'loop', random: () => number): number {
  if (lane === 'threads') return lognormal(0.8, random);
  if (random() < 0.03) return (Math.min(60, 1 / (1 - random()) ** (1 / 2.5)) * 3) / IO_MEAN_S;
  // Median 1.5.
  return (1.5 * Math.exp(SIGMA_IO * normal(random))) / IO_MEAN_S;
}
const SIGMA_IO = 0.5;
/** Mean of a call, in seconds: 97 % lognormal with median 1.5, 3 % Pareto from 3 s with exponent 2.5. */
const IO_MEAN_S = 0.97 * 1.5 * Math.exp(SIGMA_IO ** 2 / 2) + 0.03 * 3 * (2.5 / 1.5);
export const MEAN_MS = { threads: 5, loop: 1_000 * IO_MEAN_S } as const;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export async function simulate(scenario: Scenario): Promise<Result> {
  const { lane, seed, sloMs, durationS, fromS, toS = durationS } = scenario;
  const random = seededRandom(seed);
  const service = seededRandom(seed + 7_919);
  const factors = scenario.mix?.factors ?? [1];
  const knee = scenario.knee ?? 64;
  let upstream: UpstreamModel | undefined;
  const agents = factors.map((_, i) =>
    lane === 'threads'
      ? cpuAgent(`a${i}`, { module: 'file:///none' })
      : ioAgent(`a${i}`, {
          upstream: 'up',
          run: (workMs: number) => new Promise<void>((resolve) => upstream!.call(workMs, resolve)),
        }),
  );
  const simulation = new Simulation({
    agents,
    sloMs,
    ...(scenario.limit && { limit: scenario.limit() }),
    ...(scenario.queueLimit && { queueLimit: scenario.queueLimit }),
  });
  const { clock } = simulation;
  upstream = new UpstreamModel(clock, knee);
  const slots = lane === 'threads' ? simulation.threads.readyThreads : knee;
  const meanMs = MEAN_MS[lane];
  const seconds: Second[] = Array.from({ length: Math.ceil(durationS) + 1 }, () => ({
    offered: 0,
    admitted: 0,
    good: 0,
    goodAtEnd: 0,
    concurrency: 0,
  }));
  const sojourns: number[] = [];
  const offered = [0, 0, 0];
  const good = [0, 0, 0];
  let rejected = 0;
  for (const event of scenario.events ?? []) {
    clock.schedule(1_000 * event.atS, () => {
      upstream!.change(event);
      if (event.slowdown !== undefined) simulation.threads.slowdown = event.slowdown;
    });
  }
  const arrive = () => {
    const atMs = clock.now();
    const atS = atMs / 1_000;
    const draw = random();
    const cls = SHARES.findIndex((share) => draw < share);
    const kind = scenario.mix?.pick(atS, random()) ?? 0;
    const work = serviceOf(lane, service) * factors[kind]!;
    const second = seconds[Math.floor(atS)]!;
    second.offered++;
    const measured = atS >= fromS && atS < toS;
    if (measured) offered[cls]!++;
    const task = simulation.submit(`a${kind}`, work * meanMs, PRIORITIES[cls]!);
    if (task === undefined) {
      if (measured) rejected++;
    } else {
      second.admitted++;
      void task.outcome.then(() => {
        if (!isCompleted(task)) {
          if (measured) rejected++;
          return;
        }
        const sojournMs = clock.now() - atMs;
        if (measured) sojourns.push(sojournMs);
        if (sojournMs > sloMs) return;
        second.good++;
        const end = seconds[Math.floor(clock.now() / 1_000)];
        if (end !== undefined) end.goodAtEnd += factors[kind]!;
        if (measured) good[cls]!++;
      });
    }
    schedule();
  };
  const schedule = () => {
    const atS = clock.now() / 1_000;
    const ratePerMs = (Math.max(1e-9, scenario.load(atS)) * slots) / (meanMs * meanFactor(scenario, atS));
    clock.schedule(-Math.log(1 - random()) / ratePerMs, arrive);
  };
  schedule();
  for (let s = 0; s < durationS; s++) {
    await clock.runUntil(1_000 * (s + 1));
    const station = lane === 'threads' ? simulation.stations.threads : [...simulation.stations.all()][1]!;
    seconds[s]!.concurrency = station.slots;
  }
  let work = 0;
  for (let s = Math.floor(fromS); s < toS; s++) work += seconds[s]!.goodAtEnd;
  let capacity = 0;
  for (let s = Math.floor(fromS); s < toS; s++) {
    capacity += ((scenario.capacity?.(s) ?? 1) * 1_000 * slots) / meanMs;
  }
  sojourns.sort((a, b) => a - b);
  const total = offered.reduce((a, b) => a + b, 0);
  return {
    goodput: work / capacity,
    p99: (sojourns[Math.ceil(0.99 * sojourns.length) - 1] ?? 0) / sloMs,
    good: good.map((n, cls) => n / Math.max(1, offered[cls]!)),
    rejected: rejected / total,
    seconds,
  };
}

function meanFactor({ mix }: Scenario, atS: number): number {
  if (mix === undefined) return 1;
  // Share of each agent, by many draws: pure and good enough for a rate.
  let sum = 0;
  for (let i = 0; i < 64; i++) sum += mix.factors[mix.pick(atS, (i + 0.5) / 64)]!;
  return sum / 64;
}
