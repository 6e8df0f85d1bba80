import type { SpillwayConfig } from '../contract/tuned-config.ts';
import type { LoadReport } from '../report/report.ts';
import { TUNE_DEFAULTS } from './defaults.ts';
import { modelOf } from './model.ts';
import { workloadOf } from './workload.ts';

/** Runs the load of a report again, with a configuration, and reports on it. */
export type RunAgain = (config: SpillwayConfig, like: LoadReport) => Promise<LoadReport>;

/** One number, predicted and measured. */
export interface Confirmed {
  readonly what: string;
  readonly unit: 'ms' | '/s' | 'share';
  readonly predicted: number;
  readonly measured: number;
}

/** How the prediction fared. */
export interface Confirmation {
  readonly rows: readonly Confirmed[];
  /** Whether the p99 of every agent was within the objective, in a valid run. */
  readonly isMet: boolean;
  /** Whether the p99 of all was predicted to within 15 %. */
  readonly isPredicted: boolean;
  readonly valid: boolean;
  readonly reasons: readonly string[];
  /**
   * The model's p99 with the service times and arrivals of this run, which leaves the model's own mistakes: what the
   * prediction missed beyond them is that the run was not like the one of the report. `null` if there is too little.
   */
  readonly modelP99Ms: number | null;
  /** What was not as in the run that the prediction comes from, and explains what the prediction missed. */
  readonly notes: readonly string[];
}

/** Service that differs by more than this factor is no longer the same work on the same machine. */
const SAME_SERVICE = 1.05;

/** Arrivals that are later than this share of the p99 are seen in it. */
const SEEN_LAG = 0.05;

/** A prediction is good if the measured value is no further away than this share of it. */
const GOOD_SHARE = 0.15;

/** Runs the load again with the configuration, and puts what was predicted beside what is measured. */
export async function confirm(
  config: SpillwayConfig,
  like: LoadReport,
  runAgain: RunAgain,
): Promise<Confirmation> {
  return confirmationOf(config, like, await runAgain(config, like));
}

export function confirmationOf(
  { predicted, objective }: SpillwayConfig,
  like: LoadReport,
  report: LoadReport,
): Confirmation {
  const { totals, run, validity } = report;
  const seconds = run.durationMs / 1_000;
  const inTime = report.agents
    .filter(({ completed }) => completed > 0)
    .every(({ latencyMs }) => latencyMs.p99 <= objective.sloP99Ms);
  const rows: Confirmed[] = [
    { what: 'p99', unit: 'ms', predicted: predicted.p99Ms, measured: report.latencyMs.p99 },
    { what: 'p50', unit: 'ms', predicted: predicted.p50Ms, measured: report.latencyMs.p50 },
    {
      what: 'goodput',
      unit: '/s',
      predicted: predicted.goodputPerSecond,
      measured: totals.withinSlo / seconds,
    },
    {
      what: 'shed',
      unit: 'share',
      predicted: predicted.shedShare,
      measured: totals.rejected / Math.max(1, totals.offered),
    },
    ...predicted.agents.map(({ name, p99Ms }): Confirmed => {
      const measured = report.agents.find((agent) => agent.name === name)?.latencyMs.p99 ?? 0;
      return { what: `p99 of ${name}`, unit: 'ms', predicted: p99Ms, measured };
    }),
  ];
  return {
    rows,
    isMet: validity.valid && inTime && totals.completed > 0,
    isPredicted: Math.abs(report.latencyMs.p99 - predicted.p99Ms) <= GOOD_SHARE * report.latencyMs.p99,
    modelP99Ms: simulatedAgain(report, objective.sloP99Ms),
    valid: validity.valid,
    reasons: validity.reasons,
    notes: [...slowerAgents(like, report), ...lateArrivals(report)],
  };
}

/** Latency counts from the intended arrival; the model knows nothing of a generator that is late. */
function lateArrivals({ validity: { lagMs }, latencyMs }: LoadReport): string[] {
  if (lagMs.p99 <= SEEN_LAG * latencyMs.p99) return [];
  return [
    `1 % of the arrivals were sent more than ${lagMs.p99.toFixed(1)} ms late, which no prediction has in it`,
  ];
}

function simulatedAgain(report: LoadReport, sloMs: number): number | null {
  const offered = report.agents.filter((agent) => agent.offered > 0);
  if (offered.length === 0 || offered.some(({ serviceMs }) => serviceMs.count === 0)) return null;
  const workload = workloadOf({ name: 'confirm', report });
  const { checks } = modelOf(report, workload, { sloMs, seed: TUNE_DEFAULTS.seed });
  return checks[0]?.simulatedP99Ms.median ?? null;
}

/** Service times change with the machine's other work, and with a limit that was changed on purpose. */
function slowerAgents(like: LoadReport, report: LoadReport): string[] {
  return report.agents.flatMap(({ name, serviceMs }) => {
    const before = like.agents.find((agent) => agent.name === name)?.serviceMs.mean ?? 0;
    const ratio = Math.max(serviceMs.mean, before) / Math.max(Math.min(serviceMs.mean, before), 1e-9);
    if (before === 0 || serviceMs.count === 0 || ratio <= SAME_SERVICE) return [];
    const means = `${serviceMs.mean.toFixed(1)} ms on average, and ${before.toFixed(1)} ms in the run of the report`;
    return [`the service of "${name}" took ${means}: another limit, or other work on the machine`];
  });
}
