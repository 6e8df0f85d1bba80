import { arch, cpus, platform, totalmem } from 'node:os';
import { resolve } from 'node:path';
import type { AgentStats } from '../contract/stats.ts';
import { LatencyHistogram } from '../report/latency-histogram.ts';
import { type LoadReport, REPORT_FORMAT, type ReportAgent, type ReportWork } from '../report/report.ts';
import type { Measurement } from './measure.ts';
import type { FullLoadOptions } from './options.ts';
import type { ArrivalPlan } from './plan.ts';
import { PRIORITY_NAMES } from './priority-names.ts';
import type { AgentRecord } from './recorder.ts';
import { judge } from './validity.ts';

export interface ReportSource {
  readonly options: FullLoadOptions;
  readonly plan: ArrivalPlan;
  readonly work: ReportWork;
  readonly measurement: Measurement;
  /** Of the package. */
  readonly version: string;
}

export function buildReport({ options, plan, work, measurement, version }: ReportSource): LoadReport {
  const { recorder, log, startedAtMs, stats, gaveUp } = measurement;
  const { target, cwd, priorities, seed, warmupMs, intervalMs, drainMs } = options;
  const { threads, queueLimit, quantumMs, policy, threshold } = options;
  const sloP99Ms = options.sloP99Ms ?? null;
  const agents = [...recorder.agents.values()];
  const all = new LatencyHistogram();
  for (const { latency } of agents) all.add(latency);
  return {
    format: REPORT_FORMAT.name,
    version: REPORT_FORMAT.version,
    spillway: version,
    startedAt: new Date(startedAtMs).toISOString(),
    machine: describeMachine(),
    run: {
      target,
      directory: resolve(cwd),
      work,
      arrivals: plan.description,
      trace: options.trace ?? null,
      priorities,
      seed,
      warmupMs,
      durationMs: plan.durationMs,
      intervalMs,
      drainMs,
      sloP99Ms,
      config: options.config ?? null,
      engine: {
        threads,
        queueLimit,
        quantumMs,
        policy,
        threshold: policy === 'fixed' ? threshold : null,
      },
    },
    validity: judge(recorder.lag.summary, sloP99Ms, gaveUp),
    totals: recorder.totals.counts,
    latencyMs: all.summary,
    latencyHistogram: all.encoded,
    agents: agents.map((agent) =>
      describeAgent(agent, stats.agents.find(({ name }) => name === agent.name)!),
    ),
    priorities: PRIORITY_NAMES.map((priority) => {
      const { tally, latency } = recorder.priorities.get(priority)!;
      return { priority, ...tally.counts, latencyMs: latency.summary };
    }).filter(({ offered }) => offered > 0),
    intervals: log.intervals,
  };
}

function describeAgent({ name, tally, latency, wait, service }: AgentRecord, stats: AgentStats): ReportAgent {
  return {
    name,
    lane: stats.lane,
    limit: Number.isFinite(stats.limit) ? stats.limit : null,
    ...tally.counts,
    latencyMs: latency.summary,
    waitMs: wait.summary,
    serviceMs: service.summary,
    histograms: {
      latency: latency.encoded,
      wait: wait.encoded,
      service: service.encoded,
    },
  };
}

function describeMachine(): LoadReport['machine'] {
  const cores = cpus();
  return {
    node: process.version,
    platform: platform(),
    arch: arch(),
    cpuModel: cores[0]?.model.trim() ?? 'unknown',
    cpus: cores.length,
    memoryBytes: totalmem(),
  };
}
