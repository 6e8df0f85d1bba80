import type { Prediction } from '../contract/tuned-config.ts';
import type { LoadReport } from '../report/report.ts';
import { seededRandom } from '../upstream/seeded-random.ts';
import { TUNE_RULES } from './defaults.ts';
import { type QuantileRange, quantileRange, type Settings, simulate } from './simulation.ts';
import type { Workload } from './workload.ts';

/** How the simulated p99 of the measured configuration compares with the measured one. */
export interface ModelCheck {
  readonly name: string;
  readonly measuredP99Ms: number;
  readonly simulatedP99Ms: QuantileRange;
}

/** The simulated engine, corrected by what it said wrongly of the measured run. */
export interface Model {
  readonly workload: Workload;
  /** One for all together, called '', and one for each agent; empty if the measured run cannot be simulated. */
  readonly checks: readonly ModelCheck[];
  readonly sloMs: number;
  readonly seed: number;
  /** Of what was let in, 0 to 1: what ends as completed. */
  readonly completedShare: number;
  /** Whether the measured run shed more than a little. */
  readonly wasOverloaded: boolean;
}

/**
 * What the fixed limit of the measured run came to; `undefined` for policies that the simulation does not have.
 * The capacity is not in the report; it is the queue's limit if it was not set apart.
 */
export function measuredSettings({ run, agents }: LoadReport): Settings | undefined {
  const { policy, threshold, queueLimit, threads } = run.engine;
  if (policy !== 'none' && policy !== 'fixed') return undefined;
  const bound =
    policy === 'none' || threshold === null ? Number.POSITIVE_INFINITY : Math.ceil(threshold * queueLimit);
  return { threads, queueLimit, bound, limits: limitsOf(agents) };
}

/** The limits of agents on the event loop. */
export function limitsOf(agents: LoadReport['agents']): Map<string, number> {
  return new Map(
    agents.flatMap(({ name, lane, limit }) => (lane === 'loop' && limit !== null ? [[name, limit]] : [])),
  );
}

/** Makes the model, and holds it against the run that it comes from. */
export function modelOf(
  report: LoadReport,
  workload: Workload,
  options: { readonly sloMs: number; readonly seed: number },
): Model {
  const { completed, failed } = report.totals;
  const ended = completed + failed;
  const settings = measuredSettings(report);
  return {
    ...options,
    workload,
    completedShare: ended === 0 ? 1 : completed / ended,
    wasOverloaded: isOverload(report.totals.rejected / Math.max(1, report.totals.offered)),
    checks: settings === undefined ? [] : checksOf(report, workload, settings, options.seed),
  };
}

function checksOf(report: LoadReport, workload: Workload, settings: Settings, seed: number): ModelCheck[] {
  const simulated = simulate(workload, settings, seededRandom(seed));
  return [
    {
      name: '',
      measuredP99Ms: report.latencyMs.p99,
      simulatedP99Ms: quantileRange(simulated, ({ all }) => all, 0.99),
    },
    ...workload.agents.map(({ name }, i) => ({
      name,
      measuredP99Ms: report.agents.find((agent) => agent.name === name)!.latencyMs.p99,
      simulatedP99Ms: quantileRange(simulated, ({ agents }) => agents[i]!, 0.99),
    })),
  ];
}

function isOverload(shedShare: number): boolean {
  return shedShare > 0.01;
}

/** Beyond it what is missing is no longer a share of what there is. */
const MOST_FACTOR = 1.5;

/**
 * The correction of a simulated latency. A model that is a little off is off by a factor: of the service, of the queue.
 * One that says far too little of a run without overload, where there was hardly a queue, lacks something constant: the
 * way to a thread and back, a late event loop. What a run under overload got wrong is the length of a queue, and says
 * nothing about settings under which there is none.
 */
function correct(ms: number, check: ModelCheck | undefined, wasOverloaded: boolean): number {
  if (check === undefined) return ms;
  const { low, median, high } = check.simulatedP99Ms;
  // As far as luck goes, the model is right.
  if (median === 0 || (check.measuredP99Ms >= low && check.measuredP99Ms <= high)) return ms;
  const factor = check.measuredP99Ms / median;
  const isConstant = factor > MOST_FACTOR && !wasOverloaded;
  return isConstant ? ms + check.measuredP99Ms - median : ms * factor;
}

/** The model's worst mistake about the measured run that matters against the objective; `undefined` if there is none. */
export function worstMistake({ checks, sloMs }: Model): ModelCheck | undefined {
  // To the nearest of the simulated runs.
  const gap = ({ measuredP99Ms, simulatedP99Ms: { low, high } }: ModelCheck) =>
    Math.max(measuredP99Ms - high, low - measuredP99Ms, 0);
  const isFar = ({ measuredP99Ms, simulatedP99Ms: { low, high } }: ModelCheck) =>
    measuredP99Ms > TUNE_RULES.modelFactor * high || measuredP99Ms < low / TUNE_RULES.modelFactor;
  const matters = (check: ModelCheck) => isFar(check) && gap(check) > sloMs / 4;
  return checks.filter(matters).sort((a, b) => gap(b) - gap(a))[0];
}

/** What the settings would do with the workload. The same luck for all settings, so that only they differ. */
export function predict(model: Model, settings: Settings): Prediction {
  const { workload, checks, sloMs, seed, completedShare, wasOverloaded } = model;
  const simulated = simulate(workload, settings, seededRandom(seed));
  const shedShare = simulated.shed / Math.max(1, simulated.offered);
  const applies = !wasOverloaded || isOverload(shedShare);
  const checkOf = (name: string) => (applies ? checks.find((check) => check.name === name) : undefined);
  let inTime = 0;
  for (const { agents } of simulated.runs) {
    for (const [i, latencies] of agents.entries()) {
      const check = checkOf(workload.agents[i]!.name);
      for (const ms of latencies) if (correct(ms, check, wasOverloaded) <= sloMs) inTime++;
    }
  }
  const all = ({ all }: { readonly all: Float64Array }) => all;
  const p99 = quantileRange(simulated, all, 0.99);
  const check = checkOf('');
  return {
    offeredPerSecond: simulated.offered / simulated.seconds,
    goodputPerSecond: (completedShare * inTime) / simulated.seconds,
    shedShare,
    p50Ms: quantileRange(simulated, all, 0.5).median,
    p99Ms: correct(p99.median, check, wasOverloaded),
    p99RangeMs: {
      low: correct(p99.low, check, wasOverloaded),
      high: correct(p99.high, check, wasOverloaded),
    },
    agents: workload.agents.map(({ name }, i) => ({
      name,
      p99Ms: correct(
        quantileRange(simulated, ({ agents }) => agents[i]!, 0.99).median,
        checkOf(name),
        wasOverloaded,
      ),
    })),
  };
}
