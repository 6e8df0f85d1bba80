import { DEFAULTS } from '../contract/options.ts';
import {
  CONFIG_FORMAT,
  type Evidence,
  type Expectation,
  type Prediction,
  type SpillwayConfig,
  type TunedAgent,
  type TunedValue,
} from '../contract/tuned-config.ts';
import { TUNE_RULES } from './defaults.ts';
import { predict } from './model.ts';
import type { Settings } from './simulation.ts';
import type { Decisions } from './tune.ts';
import { meanServiceMs, type WorkloadAgent } from './workload.ts';

/** Makes the values, each with where it comes from and what it does. */
export function configOf(decisions: Decisions, measured: Settings | undefined): SpillwayConfig {
  const { reports, sloMs, model, target, spillway } = decisions;
  const { prediction } = target;
  const nearest = [...prediction.agents].sort((a, b) => b.p99Ms - a.p99Ms)[0]!;
  const [check] = model.checks;
  return {
    format: CONFIG_FORMAT.name,
    version: CONFIG_FORMAT.version,
    spillway,
    reports: reports.map(({ name }) => name),
    objective: {
      sloP99Ms: sloMs,
      feasible: true,
      nearest: { agent: nearest.name, p99Ms: rounded(nearest.p99Ms) },
    },
    threads: threadsValue(decisions),
    ...boundValues(decisions, measured),
    quantumMs: quantumValue(decisions),
    agents: model.workload.agents.map((agent) => agentValues(agent, decisions)),
    predicted: {
      offeredPerSecond: rounded(prediction.offeredPerSecond),
      goodputPerSecond: rounded(prediction.goodputPerSecond),
      shedShare: rounded(prediction.shedShare),
      p50Ms: rounded(prediction.p50Ms),
      p99Ms: rounded(prediction.p99Ms),
      p99RangeMs: {
        low: rounded(prediction.p99RangeMs.low),
        high: rounded(prediction.p99RangeMs.high),
      },
      agents: prediction.agents.map(({ name, p99Ms }) => ({ name, p99Ms: rounded(p99Ms) })),
    },
    model:
      check === undefined
        ? null
        : {
            simulatedP99Ms: rounded(check.simulatedP99Ms.median),
            measuredP99Ms: rounded(check.measuredP99Ms),
          },
  };
}

function threadsValue(decisions: Decisions): TunedValue {
  const { main, model, settings, threadChoice: choice, mostThreads } = decisions;
  const { run } = main.report;
  const use = ((choice?.utilization ?? 0) * 100).toFixed(0);
  const because =
    choice === undefined
      ? 'no agent runs on threads; as measured'
      : choice.utilization > TUNE_RULES.threadUtilization
        ? `the busiest tenth of the run asks for ${use} % of ${choice.threads} threads, and there may be no more than ${mostThreads}; what is too much is shed`
        : `the busiest tenth of the run uses ${use} % of them, with a wait of p99 ${choice.waitP99Ms.toFixed(1)} ms (M/G/c, Allen and Cunneen)`;
  const changed = settings.threads !== run.engine.threads;
  return {
    value: settings.threads,
    from: evidence(decisions, 99, samplesOf(decisions)),
    because: changed
      ? `${because}; measured with ${run.engine.threads}, so this is an extrapolation`
      : because,
    expected: expectation(decisions.target.prediction),
    without: changed ? expectation(predict(model, { ...settings, threads: run.engine.threads })) : null,
  };
}

function boundValues(
  decisions: Decisions,
  measured: Settings | undefined,
): Pick<SpillwayConfig, 'queueLimit' | 'threshold'> {
  const { target, edge, settings, model, sloMs, targetMs } = decisions;
  const samples = model.workload.agents.reduce((sum, { service }) => sum + service.distribution.count, 0);
  const unlimited = edge.bound === target.bound;
  const without =
    measured === undefined
      ? null
      : expectation(predict(model, { ...settings, bound: measured.bound, queueLimit: measured.queueLimit }));
  const shared = {
    from: evidence(decisions, 99, samples),
    expected: expectation(target.prediction),
    without,
  };
  const threshold = Math.floor((10_000 * target.bound) / edge.bound) / 10_000;
  return {
    queueLimit: {
      ...shared,
      value: edge.bound,
      because: unlimited
        ? `twice what is inside while every task is in time (Little's law); this load does not fill it`
        : `with so many inside the p99 is predicted to reach the objective of ${sloMs} ms${closedForm(decisions)}`,
    },
    threshold: {
      ...shared,
      value: threshold,
      because: unlimited
        ? 'nothing has to be shed below the queue’s limit'
        : `sheds at ${target.bound} inside, where the p99 is predicted to be ${targetMs.toFixed(1)} ms or less, so that ${(sloMs - targetMs).toFixed(1)} ms of the objective stay free`,
    },
  };
}

/** The rule of thumb beside it: who is let in last waits for all before to be served. */
function closedForm(decisions: Decisions): string {
  const threads = onThreads(decisions);
  if (threads.length !== 1 || decisions.model.workload.agents.length !== 1) return '';
  const [agent] = threads;
  const meanMs = meanServiceMs(agent!) * decisions.model.workload.occupancy;
  const leftMs = decisions.sloMs - agent!.service.distribution.quantileMs(0.99);
  const bound = Math.round((decisions.settings.threads * leftMs) / meanMs);
  return `; threads * (objective - p99 service) / mean service is ${bound}`;
}

function quantumValue(decisions: Decisions): TunedValue {
  const { sloMs, target } = decisions;
  const threads = onThreads(decisions);
  const allowedMs = Math.max(0.1, TUNE_RULES.quantumShareOfObjective * sloMs);
  const value = rounded(Math.min(DEFAULTS.batch.quantumMs, allowedMs));
  const longest = threads.filter(({ service }) => service.distribution.quantileMs(0.5) >= value);
  const alone =
    longest.length === 0
      ? ''
      : `; the median task of ${longest.map(({ name }) => `"${name}"`).join(', ')} is longer, and travels alone`;
  const why =
    value < DEFAULTS.batch.quantumMs
      ? `a batch may take 1 % of the objective from what waits behind it`
      : `the default: it is less than 1 % of the objective`;
  return {
    value,
    from: evidence(decisions, 50, samplesOf(decisions)),
    because: why + alone,
    expected: expectation(target.prediction),
    without: null,
  };
}

function agentValues(agent: WorkloadAgent, decisions: Decisions): TunedAgent {
  return {
    name: agent.name,
    lane: agent.lane,
    limit: limitValue(agent, decisions),
    timeoutMs: timeoutValue(agent, decisions),
  };
}

function limitValue({ name }: WorkloadAgent, decisions: Decisions): TunedValue | null {
  const { limits, model, settings, main, measured, target } = decisions;
  const choice = limits.get(name);
  if (choice === undefined) return null;
  const before = main.report.agents.find((agent) => agent.name === name)?.limit ?? null;
  let without: Expectation | null = null;
  if (before !== null && before !== choice.limit) {
    // With its old limit it has its old service times, too.
    const agents = model.workload.agents.map((agent) =>
      agent.name === name ? measured.agents.find((each) => each.name === name)! : agent,
    );
    const old = { ...settings, limits: new Map(settings.limits).set(name, before) };
    without = expectation(predict({ ...model, workload: { ...model.workload, agents } }, old));
  }
  return {
    value: choice.limit,
    from: { percentile: null, samples: choice.point.samples, report: choice.point.report },
    because: choice.because,
    expected: expectation(target.prediction),
    without,
  };
}

function timeoutValue({ service }: WorkloadAgent, decisions: Decisions): TunedValue {
  const { distribution, scale } = service;
  const { samplesForP999, timeoutMargin } = TUNE_RULES;
  const enough = distribution.count >= samplesForP999;
  const longestMs = scale * distribution.quantileMs(enough ? 0.999 : 1);
  const value = Math.ceil(Math.max(timeoutMargin * longestMs, decisions.sloMs));
  const what = enough
    ? 'the p99.9 of its service'
    : 'its longest service, for there are too few samples for a p99.9';
  return {
    value,
    from: evidence(decisions, enough ? 99.9 : 100, distribution.count),
    because:
      value > decisions.sloMs
        ? `${timeoutMargin} times ${what}, ${longestMs.toFixed(1)} ms: takes only what hangs`
        : `the objective: ${timeoutMargin} times ${what}, ${longestMs.toFixed(1)} ms, is less`,
    expected: expectation(decisions.target.prediction),
    without: null,
  };
}

function onThreads({ model }: Decisions): WorkloadAgent[] {
  return model.workload.agents.filter(({ lane }) => lane === 'threads');
}

/** Of what runs on threads; of everything if nothing does. */
function samplesOf(decisions: Decisions): number {
  const threads = onThreads(decisions);
  const agents = threads.length === 0 ? decisions.model.workload.agents : threads;
  return agents.reduce((sum, { service }) => sum + service.distribution.count, 0);
}

function evidence({ main }: Decisions, percentile: number, samples: number): Evidence {
  return { percentile, samples, report: main.name };
}

function expectation({ p99Ms, goodputPerSecond }: Prediction): Expectation {
  return { p99Ms: rounded(p99Ms), goodputPerSecond: rounded(goodputPerSecond) };
}

/** To four digits that matter: more would be pretense. */
function rounded(n: number): number {
  return Number(n.toPrecision(4));
}
