import { Distribution } from '../report/distribution.ts';
import type { LoadReport, ReportAgent, ReportInterval } from '../report/report.ts';
import { TUNE_RULES } from './defaults.ts';

/** A report with the name that it is called by, such as its path. */
export interface NamedReport {
  readonly name: string;
  readonly report: LoadReport;
}

/** One interval of the run, and how many arrived in it. */
export interface Phase {
  readonly durationMs: number;
  readonly arrivals: number;
}

/** What arrives, and how long each takes to be served. */
export interface Workload {
  readonly agents: readonly WorkloadAgent[];
  readonly phases: readonly Phase[];
  /** With the load of the first phase, before anything is counted. */
  readonly warmupMs: number;
  /** Whether arrivals come at equal distances, and not at random. */
  readonly isEven: boolean;
  /** How many waited when the run began, by the name of the limit: a queue that the warm-up left may last for long. */
  readonly backlog: ReadonlyMap<string, number>;
  /** Shares of the arrivals. */
  readonly priorities: readonly { readonly level: number; readonly share: number }[];
  /** Time that a thread is taken by a task over the time in its handler: at least 1. */
  readonly occupancy: number;
}

export interface WorkloadAgent {
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  /** Of the arrivals, 0 to 1. */
  readonly share: number;
  readonly service: ServiceTime;
}

/** A measured distribution, possibly scaled to a concurrency at which it was not measured itself. */
export interface ServiceTime {
  readonly distribution: Distribution;
  readonly scale: number;
}

const LEVELS = { high: 10, normal: 0, low: -10 } as const;

/** The workload of a report. Tasks that failed or were shed count as arrivals, too. */
export function workloadOf({ name, report }: NamedReport): Workload {
  const offered = Math.max(1, report.totals.offered);
  return {
    agents: report.agents
      .filter((agent) => agent.offered > 0)
      .map((agent) => ({
        name: agent.name,
        lane: agent.lane,
        share: agent.offered / offered,
        service: { distribution: serviceOf(agent, name), scale: 1 },
      })),
    phases: phasesOf(report),
    warmupMs: report.run.warmupMs,
    isEven: report.run.arrivals.kind === 'constant',
    backlog: backlogOf(report),
    priorities: prioritiesOf(report, offered),
    occupancy: occupancyOf(report),
  };
}

/** As of the end of the first interval, which is the nearest that there is. A run without a warm-up began empty. */
function backlogOf({ run, intervals }: LoadReport): Workload['backlog'] {
  const limits = run.warmupMs > 0 ? (intervals[0]?.limits ?? []) : [];
  return new Map(limits.map(({ name, waiting }) => [name, waiting]));
}

function prioritiesOf({ priorities }: LoadReport, offered: number): Workload['priorities'] {
  const used = priorities.filter((each) => each.offered > 0);
  if (used.length === 0) return [{ level: LEVELS.normal, share: 1 }];
  return used.map((each) => ({ level: LEVELS[each.priority], share: each.offered / offered }));
}

export function serviceOf(agent: ReportAgent, report: string): Distribution {
  return Distribution.decode(agent.histograms.service, `${report}: service of "${agent.name}"`);
}

/**
 * The intervals of the report, without those in which it only waited for its last tasks; shortened, all by the same
 * factor, if there are more arrivals than have to be simulated.
 */
function phasesOf({ intervals, run, totals }: LoadReport): Phase[] {
  const shorter = Math.min(1, TUNE_RULES.arrivals.most / Math.max(1, totals.offered));
  const phases = intervals
    .filter(({ phase, startMs, endMs }) => phase === 'load' && endMs > startMs)
    .map(({ startMs, endMs, offered }) => ({
      durationMs: (endMs - startMs) * shorter,
      arrivals: Math.round(offered * shorter),
    }));
  const whole = { durationMs: run.durationMs * shorter, arrivals: Math.round(totals.offered * shorter) };
  return phases.length === 0 ? [whole] : phases;
}

/** Least saturated intervals that tell anything, what has to wait of what completes in one, and the most that is believed. */
const OCCUPANCY = { intervals: 3, waiting: 0.25, max: 4 } as const;

/**
 * How much longer a thread is taken by a task than its handler runs. While tasks wait all the time, threads are never
 * idle; by the utilization law (Denning and Buzen, 1978: U = X * S / c) their handlers are busy for X * S of every c
 * seconds, and what is missing went into messages, wake-ups and cores that were not there. 1 if the run was never
 * saturated.
 */
export function occupancyOf({ agents, intervals, run }: LoadReport): number {
  const completed = agents.reduce((sum, agent) => sum + agent.completed, 0);
  const workMs = agents
    .filter(({ lane }) => lane === 'threads')
    .reduce((sum, agent) => sum + agent.completed * agent.serviceMs.mean, 0);
  const { threads } = run.engine;
  const waiting = (i: number) => intervals[i]?.limits.find(({ name }) => name === 'threads')?.waiting ?? 0;
  // While the tasks of the warm-up are served, which no interval counts, little seems to be done.
  const fromHereOn = intervals.findIndex((interval) => interval.completed > 0) + 1;
  // A short queue at both ends may have been empty in between.
  const isSaturated = ({ completed }: ReportInterval, i: number) =>
    Math.min(waiting(i - 1), waiting(i)) > Math.max(threads, OCCUPANCY.waiting * completed);
  const saturated = intervals.filter(
    (interval, i) => i >= Math.max(1, fromHereOn) && isSaturated(interval, i),
  );
  const done = saturated.reduce((sum, interval) => sum + interval.completed, 0);
  const lengthMs = saturated.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const busyMs = (done * workMs) / Math.max(1, completed);
  if (saturated.length < OCCUPANCY.intervals || busyMs === 0) return 1;
  const occupancy = (threads * lengthMs) / busyMs;
  // Less than the sum of so many service times may differ by chance tells nothing.
  return occupancy < 1 + 2 / Math.sqrt(done) ? 1 : Math.min(occupancy, OCCUPANCY.max);
}

/** Tasks a second in the busiest tenth of the run. */
export function busiestPerSecond({ phases }: Workload): number {
  const sorted = phases.map((phase) => (1_000 * phase.arrivals) / phase.durationMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(0.9 * sorted.length))]!;
}

/** Mean service time of an agent, in milliseconds. */
export function meanServiceMs({ service }: WorkloadAgent): number {
  return service.distribution.meanMs * service.scale;
}
