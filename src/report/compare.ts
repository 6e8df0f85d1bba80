import { Distribution } from './distribution.ts';
import { shortText } from './number-text.ts';
import type { LoadReport, ReportCounts, ReportInterval, ReportWork } from './report.ts';
import {
  type Difference,
  difference,
  latencyEffect,
  PERCENTILES,
  type Percentile,
  quantileEstimate,
  shareEffect,
  shareEstimate,
} from './significance.ts';

/** One measure of both runs. */
export interface ComparedMeasure {
  /** `all`, or the name of an agent. */
  readonly scope: string;
  readonly measure: string;
  readonly unit: 'ms' | 'share';
  readonly a: number;
  readonly b: number;
  readonly difference: Difference;
}

/** Two runs side by side. */
export interface Comparison {
  /** Why the two cannot be compared as they are. */
  readonly warnings: readonly string[];
  /** What was set differently. */
  readonly settings: readonly { readonly name: string; readonly a: string; readonly b: string }[];
  /** Completed within the objective, a second. */
  readonly goodputPerSecond: { readonly a: number; readonly b: number };
  readonly measures: readonly ComparedMeasure[];
}

/** Shares of what was offered. A run stops at its end, so what was not awaited is in none of them. */
const SHARES: readonly (readonly [string, keyof ReportCounts & keyof ReportInterval])[] = [
  ['goodput', 'withinSlo'],
  ['shed', 'rejected'],
  ['failed', 'failed'],
];

/** Compares the second run with the first: every difference with its 95 % interval, and whether it is more than noise. */
export function compareReports(a: LoadReport, b: LoadReport): Comparison {
  const both = a.agents.filter(({ name }) => b.agents.some((other) => other.name === name));
  const decode = Distribution.decode;
  const all = [a, b].map((report) => decode(report.latencyHistogram, 'latencyHistogram')) as [
    Distribution,
    Distribution,
  ];
  const percentiles = (scope: string, first: Distribution, second: Distribution) =>
    (Object.keys(PERCENTILES) as Percentile[]).map((percentile): ComparedMeasure => {
      const q = PERCENTILES[percentile];
      // Intervals do not tell agents apart; what makes tasks slow together is the same for all.
      const from = quantileEstimate(first, q, latencyEffect(a.intervals, all[0], percentile));
      const to = quantileEstimate(second, q, latencyEffect(b.intervals, all[1], percentile));
      const shared = { a: from.value, b: to.value, difference: difference(from, to) };
      return { scope, measure: percentile === 'p999' ? 'p99.9' : percentile, unit: 'ms', ...shared };
    });
  const perSecond = ({ totals, run }: LoadReport) => (1_000 * totals.withinSlo) / run.durationMs;
  return {
    warnings: warningsOf(a, b),
    settings: settingsOf(a, b),
    goodputPerSecond: { a: perSecond(a), b: perSecond(b) },
    measures: [
      ...SHARES.map(([measure, key]) => share('all', measure, key, a, b, a.totals, b.totals)),
      ...percentiles('all', ...all),
      ...both.flatMap((agent) => {
        const other = b.agents.find(({ name }) => name === agent.name)!;
        return [
          share(agent.name, 'goodput', 'withinSlo', a, b, agent, other),
          ...percentiles(
            agent.name,
            decode(agent.histograms.latency, agent.name),
            decode(other.histograms.latency, agent.name),
          ),
        ];
      }),
    ],
  };
}

function share(
  scope: string,
  measure: string,
  key: keyof ReportCounts & keyof ReportInterval,
  a: LoadReport,
  b: LoadReport,
  first: ReportCounts,
  second: ReportCounts,
): ComparedMeasure {
  const of = (counts: ReportCounts) => counts[key] as number;
  const from = shareEstimate(of(first), first.offered, shareEffect(a.intervals, of));
  const to = shareEstimate(of(second), second.offered, shareEffect(b.intervals, of));
  return { scope, measure, unit: 'share', a: from.value, b: to.value, difference: difference(from, to, 0) };
}

type Fact = readonly [name: string, of: (report: LoadReport) => string | number];

/** What has to be the same, or the difference has another cause than the settings. */
const GIVEN: readonly Fact[] = [
  ['processor', ({ machine }) => `${machine.cpus} x ${machine.cpuModel}`],
  ['platform', ({ machine }) => `${machine.platform} ${machine.arch}`],
  ['Node.js', ({ machine }) => machine.node],
  ['target', ({ run }) => run.target],
  ['work', ({ run }) => workText(run.work)],
  ['arrivals', ({ run }) => run.arrivals.kind],
  ['objective', ({ run }) => (run.sloP99Ms === null ? 'none' : `${run.sloP99Ms} ms`)],
  [
    'agents',
    ({ agents }) =>
      agents
        .map(({ name }) => name)
        .sort()
        .join(', '),
  ],
];

/** Without what is counted anew before every run. */
function workText(work: ReportWork): string {
  const parameters = Object.entries(work).filter(([name]) => name !== 'stepsPerMs');
  return parameters.map(([name, value]) => `${name} ${value}`).join(', ');
}

/** Loads that differ by less than this factor are the same but for chance. */
const SAME_LOAD = 1.1;

const SETTINGS: readonly Fact[] = [
  ['Spillway', ({ spillway }) => spillway],
  ['configuration', ({ run }) => run.config ?? 'none'],
  ['threads', ({ run }) => run.engine.threads],
  ['queue limit', ({ run }) => run.engine.queueLimit],
  ['batch quantum, ms', ({ run }) => run.engine.quantumMs],
  ['admission', ({ run }) => run.engine.policy],
  ['threshold', ({ run }) => run.engine.threshold ?? 'none'],
];

function warningsOf(a: LoadReport, b: LoadReport): string[] {
  const invalid = [a, b].flatMap(({ validity }, i) =>
    validity.valid
      ? []
      : [`the ${i === 0 ? 'first' : 'second'} run is invalid: ${validity.reasons.join('; ')}`],
  );
  const unlike = GIVEN.filter(([, of]) => of(a) !== of(b)).map(
    ([name, of]) => `not the same ${name}: ${of(a)} and ${of(b)}`,
  );
  const offered = [a, b].map(({ totals, run }) => (1_000 * totals.offered) / run.durationMs) as [
    number,
    number,
  ];
  const isOtherLoad = Math.max(...offered) > SAME_LOAD * Math.min(...offered);
  const load = `not the same load: ${offered.map((perSecond) => `${shortText(perSecond)} /s`).join(' and ')}`;
  return [...invalid, ...unlike, ...(isOtherLoad ? [load] : [])];
}

function settingsOf(a: LoadReport, b: LoadReport): Comparison['settings'] {
  const limits = a.agents.map(({ name }): Fact => {
    const limitIn = ({ agents }: LoadReport) => agents.find((agent) => agent.name === name)?.limit ?? 'none';
    return [`limit of ${name}`, limitIn];
  });
  return [...SETTINGS, ...limits]
    .filter(([, of]) => of(a) !== of(b))
    .map(([name, of]) => ({ name, a: String(of(a)), b: String(of(b)) }));
}
