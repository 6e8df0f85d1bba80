import { LatencyHistogram } from '../../src/report/latency-histogram.ts';
import type { LoadReport } from '../../src/report/report.ts';

/** A small report in which everything is as `spillway load` writes it. */
export function sampleReport(): LoadReport {
  const latency = new LatencyHistogram();
  for (let ms = 1; ms <= 100; ms++) latency.record(ms);
  const counts = {
    offered: 110,
    completed: 100,
    failed: 0,
    cancelled: 0,
    rejected: 10,
    withinSlo: 90,
    shed: { 'queue-full': 10 },
  };
  const { summary, encoded } = latency;
  return {
    format: 'spillway-load-report',
    version: 1,
    spillway: '0.1.0',
    startedAt: '2026-01-02T03:04:05.678Z',
    machine: { node: 'v20.19.0', platform: 'linux', arch: 'x64', cpuModel: 'a', cpus: 2, memoryBytes: 1_024 },
    run: {
      target: 'cpu',
      directory: '/sample',
      work: { kind: 'cpu', serviceMs: 10, sigma: 0.5, stepsPerMs: 1_000 },
      arrivals: { kind: 'poisson', ratePerSecond: 110, note: null },
      trace: null,
      priorities: { high: 0, normal: 100, low: 0 },
      seed: 1,
      warmupMs: 0,
      durationMs: 1_000,
      intervalMs: 1_000,
      drainMs: 30_000,
      sloP99Ms: 90,
      config: null,
      engine: { threads: 2, queueLimit: 100, quantumMs: 1, policy: 'fixed', threshold: 0.8 },
    },
    validity: { valid: true, reasons: [], lagMs: summary },
    totals: counts,
    latencyMs: summary,
    latencyHistogram: encoded,
    agents: [
      {
        ...counts,
        name: 'cpu',
        lane: 'threads',
        limit: null,
        latencyMs: summary,
        waitMs: summary,
        serviceMs: summary,
        histograms: { latency: encoded, wait: encoded, service: encoded },
      },
    ],
    priorities: [{ ...counts, priority: 'normal', latencyMs: summary }],
    intervals: [
      {
        ...counts,
        phase: 'load',
        startMs: 0,
        endMs: 1_000.25,
        latencyMs: summary,
        limits: [{ name: 'threads', concurrency: 2, running: 1, waiting: 0 }],
        loopDelayMs: { p50: 0.1, p99: 1, max: 2 },
        loopUtilization: 0.1,
        rssBytes: 100,
        heapUsedBytes: 50,
        generatorLagMs: 1,
      },
    ],
  };
}
