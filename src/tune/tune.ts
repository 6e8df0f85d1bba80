import * as v from 'valibot';
import { ConfigError } from '../contract/errors.ts';
import { explainIssue } from '../contract/option-issue.ts';
import { BOUNDS } from '../contract/option-values.ts';
import type { Prediction, SpillwayConfig } from '../contract/tuned-config.ts';
import { type BoundChoice, largestBound } from './bounds.ts';
import { busiestOf, chooseLimit, type LimitChoice, pointsOf } from './concurrency.ts';
import { TUNE_DEFAULTS } from './defaults.ts';
import { type Model, type ModelCheck, measuredSettings, modelOf, predict, worstMistake } from './model.ts';
import { type Refusal, refusalsOf } from './refusals.ts';
import type { Settings } from './simulation.ts';
import { chooseThreads, type ThreadChoice } from './threads.ts';
import { configOf } from './values.ts';
import { type NamedReport, type Workload, workloadOf } from './workload.ts';

/** Options of `tune`. */
export interface TuneOptions {
  /** The objective: 99 % of the completed tasks of each agent shall take no longer, in milliseconds. */
  readonly sloP99Ms: number;
  /** Share of the objective that the prediction leaves free, 0 to 0.9. Default 0.15. */
  readonly headroom?: number;
  /** Most threads to ask for. Default: one a core of the measured machine, or what was measured if that is more. */
  readonly maxThreads?: number;
  /** Of the simulation's random numbers: equal seeds give equal configurations. Default 1. */
  readonly seed?: number;
  /** Version of the package, for the file. */
  readonly spillway: string;
}

/** A configuration, or why there is none. */
export type TuneResult =
  | { readonly status: 'tuned'; readonly config: SpillwayConfig }
  | { readonly status: 'refused'; readonly refusals: readonly Refusal[] };

const objective = `a number of milliseconds above 0, at most ${BOUNDS.timeoutMs}`;
const headroom = 'a number from 0 to 0.9';
const threadCount = 'a whole number from 1 to 1024';
const SCHEMA = v.strictObject({
  sloP99Ms: v.pipe(
    v.number(objective),
    v.check((n) => n > 0 && n <= BOUNDS.timeoutMs, objective),
  ),
  headroom: v.optional(
    v.pipe(
      v.number(headroom),
      v.check((n) => n >= 0 && n <= 0.9, headroom),
    ),
  ),
  maxThreads: v.optional(
    v.pipe(
      v.number(threadCount),
      v.check((n) => Number.isInteger(n) && n >= 1 && n <= 1_024, threadCount),
    ),
  ),
  seed: v.optional(v.pipe(v.number('a whole number'), v.integer('a whole number'))),
  spillway: v.string('a text'),
});

/** Everything that was decided, from which the values and their reasons are told. */
export interface Decisions {
  readonly main: NamedReport;
  readonly reports: readonly NamedReport[];
  readonly sloMs: number;
  readonly targetMs: number;
  readonly spillway: string;
  readonly model: Model;
  /** The workload as it was measured, before other limits change service times. */
  readonly measured: Workload;
  readonly limits: ReadonlyMap<string, LimitChoice>;
  /** `undefined` if nothing runs on threads. */
  readonly threadChoice: ThreadChoice | undefined;
  /** Most that there may be. */
  readonly mostThreads: number;
  readonly settings: Settings;
  /** With the target, which leaves headroom, and with the objective itself. */
  readonly target: BoundChoice;
  readonly edge: BoundChoice;
}

/**
 * Computes a configuration from one or several load reports of the same work on the same machine. Predictions are for
 * the load of the report that offered most.
 * @throws ConfigError for wrong options
 */
export function tune(reports: readonly NamedReport[], options: TuneOptions): TuneResult {
  checkOptions(reports, options);
  const { sloP99Ms: sloMs, seed = TUNE_DEFAULTS.seed, headroom = TUNE_DEFAULTS.headroom } = options;
  const refusals = refusalsOf(reports);
  if (refusals.length > 0) return { status: 'refused', refusals };
  const targetMs = sloMs * (1 - headroom);
  const main = [...reports].sort((a, b) => offeredPerMs(b) - offeredPerMs(a))[0]!;
  const measured = workloadOf(main);

  const tooSlow = servicesAbove(measured, reports, { sloMs, targetMs });
  if (tooSlow.length > 0) return { status: 'refused', refusals: tooSlow };
  const limits = limitsFor(measured, reports, targetMs);
  const workload = withServicesOf(measured, limits);
  const checked = modelOf(main.report, measured, { sloMs, seed });
  const model = { ...checked, workload: checked.wasOverloaded ? withoutBacklog(workload) : workload };
  const mistake = worstMistake(model);
  if (mistake !== undefined) return { status: 'refused', refusals: [modelFails(main.name, mistake)] };

  const { machine, run } = main.report;
  const most = options.maxThreads ?? Math.max(machine.cpus, run.engine.threads, 1);
  const threadChoice = chooseThreads(workload, { most, targetMs });
  const threads = threadChoice?.threads ?? Math.max(run.engine.threads, 1);
  const settingsAt = (bound: number): Settings => ({
    threads,
    bound,
    queueLimit: Number.POSITIVE_INFINITY,
    limits: new Map([...limits].map(([name, { limit }]) => [name, limit])),
  });
  const predictAt = (bound: number): Prediction => predict(model, settingsAt(bound));
  const target = largestBound(workload, predictAt, targetMs, sloMs);
  if (target === undefined) {
    return { status: 'refused', refusals: [nothingFits(predictAt(1), sloMs, targetMs)] };
  }
  const edge = largestBound(workload, predictAt, sloMs, sloMs) ?? target;
  const decisions: Decisions = {
    main,
    reports: [main, ...reports.filter((each) => each !== main)],
    sloMs,
    targetMs,
    spillway: options.spillway,
    model,
    measured,
    limits,
    threadChoice,
    mostThreads: most,
    settings: settingsAt(target.bound),
    target,
    edge,
  };
  return { status: 'tuned', config: configOf(decisions, measuredSettings(main.report)) };
}

function checkOptions(reports: readonly NamedReport[], options: TuneOptions): void {
  const result = v.safeParse(SCHEMA, options, { abortEarly: true });
  if (!result.success) throw explainIssue(SCHEMA, result.issues[0], '');
  if (reports.length > 0) return;
  throw new ConfigError('INVALID_OPTION', 'reports', 'reports: expected at least one report, got none');
}

function offeredPerMs({ report }: NamedReport): number {
  return report.totals.offered / report.run.durationMs;
}

/** Agents whose service alone takes longer than the objective, however few run at once. */
function servicesAbove(
  { agents }: Workload,
  reports: readonly NamedReport[],
  { sloMs, targetMs }: { readonly sloMs: number; readonly targetMs: number },
): Refusal[] {
  return agents.flatMap(({ name, service, lane }): Refusal[] => {
    const measured = lane === 'loop' ? pointsOf(name, reports).map(({ p99Ms }) => p99Ms) : [];
    const p99Ms = Math.min(service.distribution.quantileMs(0.99), ...measured);
    if (p99Ms <= targetMs) return [];
    const advice =
      lane === 'loop'
        ? 'ask for more, make it faster, or measure it with a lower limit'
        : 'ask for more, or make it faster';
    const what =
      p99Ms > sloMs
        ? `takes longer than the objective of ${sloMs} ms`
        : `leaves no room below the objective of ${sloMs} ms, of which ${(sloMs - targetMs).toFixed(1)} ms are kept free`;
    const message = `the service of agent "${name}" alone, p99 ${p99Ms.toFixed(1)} ms without any wait, ${what}; ${advice}`;
    return [{ reason: 'not-feasible', message, agent: name }];
  });
}

function limitsFor(
  workload: Workload,
  reports: readonly NamedReport[],
  targetMs: number,
): Map<string, LimitChoice> {
  const limits = new Map<string, LimitChoice>();
  for (const { name, lane } of workload.agents) {
    if (lane !== 'loop') continue;
    const perSecond = busiestOf(name, workload);
    // There is one: servicesAbove has found a concurrency that fits.
    limits.set(name, chooseLimit(pointsOf(name, reports), { targetMs, perSecond })!);
  }
  return limits;
}

/** The service times at the chosen limits. */
function withServicesOf(workload: Workload, limits: ReadonlyMap<string, LimitChoice>): Workload {
  const agents = workload.agents.map((agent) => ({
    ...agent,
    service: limits.get(agent.name)?.point.service ?? agent.service,
  }));
  return { ...workload, agents };
}

/** A queue that came from overload does not tell how long the queue of other settings is when a run begins. */
function withoutBacklog(workload: Workload): Workload {
  return { ...workload, backlog: new Map() };
}

function modelFails(report: string, check: ModelCheck): Refusal {
  const whose = check.name === '' ? 'all tasks' : `agent "${check.name}"`;
  const message = `${report}: for ${whose} the model gives a p99 of ${check.simulatedP99Ms.median.toFixed(1)} ms where ${check.measuredP99Ms.toFixed(1)} ms were measured, so it cannot be trusted here; if service times grow with the load, measure at several constant loads or limits and give all reports`;
  return { reason: 'model-fails', message, agent: check.name === '' ? null : check.name };
}

function nothingFits({ agents }: Prediction, sloMs: number, targetMs: number): Refusal {
  const worst = [...agents].sort((a, b) => b.p99Ms - a.p99Ms)[0]!;
  const message = `agent "${worst.name}" stands in the way: even with one task at a time its p99 is predicted at ${worst.p99Ms.toFixed(1)} ms, and the objective of ${sloMs} ms allows ${targetMs.toFixed(1)} ms; ask for more`;
  return { reason: 'not-feasible', message, agent: worst.name };
}
