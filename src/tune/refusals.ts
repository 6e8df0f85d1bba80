import type { LoadReport, ReportAgent } from '../report/report.ts';
import { TUNE_RULES } from './defaults.ts';
import type { NamedReport } from './workload.ts';

/** Why nothing is computed: the reports do not allow more than a guess, or the objective cannot be met. */
export interface Refusal {
  readonly reason: 'invalid-run' | 'too-few-samples' | 'contradictory' | 'model-fails' | 'not-feasible';
  /** What is wrong, and what to do. */
  readonly message: string;
  /** The agent that stands in the way. */
  readonly agent: string | null;
}

/** Everything about the reports that forbids to compute with them. */
export function refusalsOf(reports: readonly NamedReport[]): Refusal[] {
  return [...reports.flatMap(invalid), ...reports.flatMap(tooFew), ...contradictions(reports)];
}

function invalid({ name, report }: NamedReport): Refusal[] {
  if (report.validity.valid) return [];
  const why = report.validity.reasons.join('; ') || 'no reason given';
  const message = `${name}: the run is invalid (${why}); run it again, with less load or on a quieter machine`;
  return [{ reason: 'invalid-run', message, agent: null }];
}

function tooFew({ name, report }: NamedReport): Refusal[] {
  const { minSamples } = TUNE_RULES;
  const advice = `a p99 needs at least ${minSamples}; run for longer`;
  if (report.agents.every(({ offered }) => offered === 0)) {
    const message = `${name}: no tasks were offered; ${advice}`;
    return [{ reason: 'too-few-samples', message, agent: null }];
  }
  return report.agents
    .filter(({ offered, serviceMs }) => offered > 0 && serviceMs.count < minSamples)
    .map((agent) => ({
      reason: 'too-few-samples',
      message: `${name}: agent "${agent.name}" completed ${agent.serviceMs.count} tasks; ${advice}`,
      agent: agent.name,
    }));
}

/** Reports that cannot all be of the same work on the same machine, and one that contradicts itself. */
function contradictions(reports: readonly NamedReport[]): Refusal[] {
  const found = reports.flatMap(({ name, report }) =>
    wrongSums(report).map((what) => refuse(`${name}: ${what}; the report contradicts itself`)),
  );
  const [first, ...others] = reports;
  for (const other of others) {
    const between = `${first!.name} and ${other.name}`;
    for (const what of differences(first!.report, other.report)) {
      found.push(refuse(`${between} contradict each other: ${what}; tune them apart`));
    }
    found.push(...slower(first!.report, other.report, between));
  }
  return found;
}

function refuse(message: string, agent: string | null = null): Refusal {
  return { reason: 'contradictory', message, agent };
}

function wrongSums({ totals, agents }: LoadReport): string[] {
  const wrong: string[] = [];
  const ended = totals.completed + totals.failed + totals.cancelled + totals.rejected;
  if (ended > totals.offered) wrong.push(`${ended} tasks ended, but only ${totals.offered} were offered`);
  if (totals.withinSlo > totals.completed) {
    wrong.push(`${totals.withinSlo} tasks were in time, but only ${totals.completed} completed`);
  }
  const byAgent = agents.reduce((sum, { completed }) => sum + completed, 0);
  if (byAgent !== totals.completed) {
    wrong.push(`the agents completed ${byAgent} tasks, but ${totals.completed} completed in all`);
  }
  return wrong;
}

/** What two runs must have in common. */
function differences(a: LoadReport, b: LoadReport): string[] {
  const facts: [what: string, of: (report: LoadReport) => string][] = [
    ['target', ({ run }) => run.target],
    ['processor', ({ machine }) => `${machine.cpus} x ${machine.cpuModel}`],
    ['major version of Node.js', ({ machine }) => machine.node.split('.')[0]!],
    [
      'agents',
      ({ agents }) =>
        agents
          .map(({ name, lane }) => `${name} (${lane})`)
          .sort()
          .join(', '),
    ],
  ];
  return facts
    .filter(([, of]) => of(a) !== of(b))
    .map(([what, of]) => `${what} is ${of(a)} in the one and ${of(b)} in the other`);
}

/** Two runs contradict each other if the same work at about the same concurrency took a very different time. */
function slower(a: LoadReport, b: LoadReport, between: string): Refusal[] {
  return a.agents.flatMap((agent) => {
    const other = b.agents.find(({ name }) => name === agent.name);
    if (other === undefined || agent.serviceMs.p50 === 0 || other.serviceMs.p50 === 0) return [];
    const crowding = ratio(atOnce(agent, a), atOnce(other, b));
    const slowdown = ratio(agent.serviceMs.p50, other.serviceMs.p50);
    if (crowding > 1.25 || slowdown <= TUNE_RULES.contradictionFactor) return [];
    const times = `${agent.serviceMs.p50.toFixed(2)} ms and ${other.serviceMs.p50.toFixed(2)} ms`;
    const what = `the median service of "${agent.name}" is ${times} at about the same concurrency`;
    return [refuse(`${between} contradict each other: ${what}; tune them apart`, agent.name)];
  });
}

/** By Little's law. */
function atOnce({ completed, serviceMs }: ReportAgent, { run }: LoadReport): number {
  return (completed * serviceMs.mean) / run.durationMs;
}

/** The larger over the smaller. */
function ratio(a: number, b: number): number {
  return Math.max(a, b) / Math.max(Math.min(a, b), 1e-9);
}
