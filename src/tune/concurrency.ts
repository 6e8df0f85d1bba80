import { TUNE_RULES } from './defaults.ts';
import {
  busiestPerSecond,
  type NamedReport,
  type ServiceTime,
  serviceOf,
  type Workload,
} from './workload.ts';

/** How an agent did at one concurrency. */
export interface ConcurrencyPoint {
  /** Mean number at once, by Little's law: throughput times mean service time. */
  readonly concurrency: number;
  readonly perSecond: number;
  readonly service: ServiceTime;
  readonly p99Ms: number;
  readonly samples: number;
  readonly report: string;
  /** Whether the limit, and not the load, decided. */
  readonly isLimited: boolean;
}

export interface LimitChoice {
  readonly limit: number;
  readonly point: ConcurrencyPoint;
  readonly because: string;
}

/** A limit counts as reached when so much of it is in use on average. */
const LIMITED_SHARE = 0.9;

/** Concurrencies that differ by less than this factor are the same: parts of one run scatter around the whole. */
const FURTHER = 1.1;

/** What the reports say of an agent on the event loop, least concurrency first. */
export function pointsOf(name: string, reports: readonly NamedReport[]): ConcurrencyPoint[] {
  const points = reports.flatMap((named): ConcurrencyPoint[] => {
    const agent = named.report.agents.find((each) => each.name === name);
    if (agent === undefined || agent.serviceMs.count === 0 || agent.serviceMs.mean === 0) return [];
    const distribution = serviceOf(agent, named.name);
    // What completed after the end of the run, when the queue was emptied, is counted too; its limit held all the time.
    const atOnce = (agent.completed * distribution.meanMs) / named.report.run.durationMs;
    const concurrency = Math.min(atOnce, agent.limit ?? Number.POSITIVE_INFINITY);
    const perSecond = (1_000 * concurrency) / distribution.meanMs;
    const whole: ConcurrencyPoint = {
      concurrency,
      perSecond,
      service: { distribution, scale: 1 },
      p99Ms: distribution.quantileMs(0.99),
      samples: distribution.count,
      report: named.name,
      isLimited: agent.limit !== null && concurrency >= LIMITED_SHARE * agent.limit,
    };
    return [whole, ...stretchesOf(named, whole, agent.limit)];
  });
  return points.sort((a, b) => a.concurrency - b.concurrency);
}

/** Fewest intervals at about the same concurrency that make a point. */
const STRETCH = 5;

/**
 * Points from the intervals of a run with one agent only, as of a load that grew: counts of an interval are not told by
 * agent. Little's law gives the mean service time of each; the shape of its distribution is that of the whole run.
 */
function stretchesOf(
  { name, report }: NamedReport,
  whole: ConcurrencyPoint,
  limit: number | null,
): ConcurrencyPoint[] {
  const [agent, ...others] = report.agents;
  if (agent === undefined || others.length > 0) return [];
  const groups = new Map<number, { at: number; ended: number; ms: number }[]>();
  for (const [i, { limits, completed, startMs, endMs }] of report.intervals.entries()) {
    const running = limits.find((each) => each.name === agent.name)?.running;
    const before = report.intervals[i - 1]?.limits.find((each) => each.name === agent.name)?.running;
    if (running === undefined || before === undefined || running + before === 0 || completed === 0) continue;
    const at = (running + before) / 2;
    // Half an octave wide.
    const key = Math.round(2 * Math.log2(at));
    groups.set(key, [...(groups.get(key) ?? []), { at, ended: completed, ms: endMs - startMs }]);
  }
  return [...groups.values()]
    .filter((group) => group.length >= STRETCH)
    .map((group) => {
      const ms = group.reduce((sum, each) => sum + each.ms, 0);
      const ended = group.reduce((sum, each) => sum + each.ended, 0);
      const concurrency = group.reduce((sum, each) => sum + each.at * each.ms, 0) / ms;
      const scale = (concurrency * ms) / ended / whole.service.distribution.meanMs;
      return {
        concurrency,
        perSecond: (1_000 * ended) / ms,
        service: { distribution: whole.service.distribution, scale },
        p99Ms: whole.p99Ms * scale,
        samples: ended,
        report: name,
        isLimited: limit !== null && concurrency >= LIMITED_SHARE * limit,
      };
    });
}

/**
 * The limit of an agent on the event loop: where more at once no longer brings more throughput (the knee), among the
 * concurrencies that were measured; nothing is guessed beyond them. `undefined` if its service alone breaks the target
 * at each of them.
 */
export function chooseLimit(
  points: readonly ConcurrencyPoint[],
  { targetMs, perSecond }: { readonly targetMs: number; readonly perSecond: number },
): LimitChoice | undefined {
  const fitting = points.filter(({ p99Ms }) => p99Ms <= targetMs);
  const best = Math.max(...fitting.map((point) => point.perSecond));
  const point = fitting.find((each) => each.perSecond >= TUNE_RULES.kneeShare * best);
  if (point === undefined) return undefined;
  const at = point.concurrency.toFixed(1);
  if (point.isLimited || points.some((each) => each.concurrency > point.concurrency && each.isLimited)) {
    const more = points.find((each) => each.concurrency > FURTHER * point.concurrency);
    const because =
      more === undefined
        ? `its limit was reached, and nothing was measured beyond ${at} at once; run with a higher limit to find the knee`
        : `the knee: ${point.perSecond.toFixed(1)} /s at ${at} at once, ${more.perSecond.toFixed(1)} /s at ${more.concurrency.toFixed(1)}`;
    return { limit: Math.max(1, Math.round(point.concurrency)), point, because };
  }
  const { distribution, scale } = point.service;
  const erlangs = (perSecond / 1_000) * distribution.meanMs * scale;
  const limit = Math.max(1, poissonP999(erlangs));
  const because = `${erlangs.toFixed(1)} at once on average in the busiest tenth of the run (Little's law), and no more than this for 99.9 % of the time (Poisson)`;
  return { limit, point, because };
}

/** Tasks of the agent a second in the busiest tenth of the run. */
export function busiestOf(name: string, workload: Workload): number {
  const share = workload.agents.find((agent) => agent.name === name)?.share ?? 0;
  return share * busiestPerSecond(workload);
}

/**
 * What the number in service at once in an M/G/∞ system does not exceed for 99.9 % of the time: it is Poisson
 * distributed, whatever the service times (Palm, 1943).
 */
export function poissonP999(mean: number): number {
  // The normal approximation, where the sum below would start at 0.
  if (mean > 500) return Math.ceil(mean + 3.09 * Math.sqrt(mean));
  let term = Math.exp(-mean);
  let sum = term;
  let n = 0;
  while (sum < 0.999) {
    n++;
    term *= mean / n;
    sum += term;
  }
  return n;
}
