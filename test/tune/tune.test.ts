import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/contract/config-schema.ts';
import type { SpillwayConfig } from '../../src/contract/tuned-config.ts';
import { Tuning } from '../../src/contract/tuning.ts';
import type { LoadReport } from '../../src/report/report.ts';
import { confirm } from '../../src/tune/confirm.ts';
import { tune } from '../../src/tune/tune.ts';
import type { NamedReport } from '../../src/tune/workload.ts';
import { type SampleRun, sampleReport, sampleRun } from '../fixtures/sample-report.ts';
import type { SampleAgent } from '../fixtures/sample-system.ts';

const named = (...reports: LoadReport[]): NamedReport[] =>
  reports.map((report, i) => ({ name: `report-${i}.json`, report }));

function tuned(reports: readonly NamedReport[], sloP99Ms: number): SpillwayConfig {
  const result = tune(reports, { sloP99Ms, spillway: '1.2.3' });
  if (result.status === 'refused') throw new Error(result.refusals.map(({ message }) => message).join('\n'));
  return result.config;
}

/** The same system under a configuration, with other luck. */
function rerun(run: SampleRun, config: SpillwayConfig): LoadReport {
  const { engine, agents } = new Tuning(config);
  return sampleReport({
    ...run,
    seed: run.seed + 1,
    sloP99Ms: config.objective.sloP99Ms,
    agents: run.agents.map((agent) => ({ ...agent, limit: agents.get(agent.name)?.limit ?? agent.limit })),
    threads: engine.threads.count!,
    queueLimit: engine.queue.limit!,
    threshold: config.threshold.value,
  });
}

const model = (limit: number): SampleAgent => ({
  name: 'ask',
  lane: 'loop',
  weight: 1,
  limit,
  meanMs: 100,
  sigma: 0.3,
  knee: 24,
});
const primes: SampleAgent = {
  name: 'primes',
  lane: 'threads',
  weight: 3,
  limit: null,
  meanMs: 8,
  sigma: 0.5,
};

/** Systems that miss their objective: one of threads, one past its knee, and a mixed one. */
const WORKLOADS: Record<string, { readonly runs: SampleRun[]; readonly sloP99Ms: number }> = {
  'threads with three times the load that they can do': {
    runs: [sampleRun({ ratePerSecond: () => 1_500, durationMs: 15_000, overheadMs: 1 })],
    sloP99Ms: 150,
  },
  'a model endpoint past its knee, run with three limits': {
    runs: [16, 24, 48].map((limit) =>
      sampleRun({ agents: [model(limit)], ratePerSecond: () => 300, durationMs: 15_000, queueLimit: 400 }),
    ),
    sloP99Ms: 600,
  },
  'a mixture whose threads are too few': {
    runs: [
      sampleRun({
        agents: [primes, { ...primes, name: 'hash', meanMs: 1 }, { ...model(32), weight: 1 }],
        ratePerSecond: () => 900,
        durationMs: 15_000,
        queueLimit: 400,
      }),
    ],
    sloP99Ms: 500,
  },
};

describe.each(Object.entries(WORKLOADS))('%s', (_name, { runs, sloP99Ms }) => {
  const reports = runs.map((run) => sampleReport({ ...run, sloP99Ms }));
  const config = tuned(named(...reports), sloP99Ms);
  const main = reports[Number(/\d/.exec(config.reports[0]!)![0])]!;
  const again = rerun(runs[reports.indexOf(main)]!, config);

  test('the tuned system meets the objective that the measured one missed', async () => {
    expect(main.latencyMs.p99).toBeGreaterThan(sloP99Ms);
    const confirmation = await confirm(config, main, async () => again);
    expect(confirmation).toMatchObject({ isMet: true, isPredicted: true, valid: true });
  });

  test('its p99 is predicted to within 15 %, and its goodput to within 5 %', () => {
    const { predicted } = config;
    expect(Math.abs(predicted.p99Ms / again.latencyMs.p99 - 1)).toBeLessThan(0.15);
    const goodput = (1_000 * again.totals.withinSlo) / again.run.durationMs;
    expect(Math.abs(predicted.goodputPerSecond / goodput - 1)).toBeLessThan(0.05);
    expect(goodput).toBeGreaterThan((1_000 * main.totals.withinSlo) / main.run.durationMs);
  });

  test('every value says what it comes from and what it does', () => {
    const { threads, queueLimit, threshold, quantumMs, agents } = config;
    const values = [threads, queueLimit, threshold, quantumMs, ...agents.map(({ timeoutMs }) => timeoutMs)];
    for (const { from, because, expected } of [...values, ...agents.flatMap(({ limit }) => limit ?? [])]) {
      expect(from.samples).toBeGreaterThan(0);
      expect(config.reports).toContain(from.report);
      expect(because).not.toBe('');
      expect(expected.p99Ms).toBe(config.predicted.p99Ms);
    }
    expect(config.objective).toMatchObject({ sloP99Ms, feasible: true });
  });

  test('the file is read back as it was, and equal seeds give equal files', () => {
    expect(parseConfig(JSON.parse(JSON.stringify(config)), 'a')).toEqual(config);
    expect(tuned(named(...reports), sloP99Ms)).toEqual(config);
  });
});

test('no more threads are asked for than there may be, and the rest is shed', () => {
  const overload = named(sampleReport({ ratePerSecond: () => 400 }));
  const free = tune(overload, { sloP99Ms: 250, spillway: '0.1.0' });
  const bound = tune(overload, { sloP99Ms: 250, spillway: '0.1.0', maxThreads: 1 });
  if (free.status === 'refused' || bound.status === 'refused') throw new Error('refused');
  expect(free.config.threads.value).toBe(4);
  expect(bound.config.threads.value).toBe(1);
  expect(bound.config.threads.because).toMatch(
    /asks for \d+ % of 1 threads, and there may be no more than 1/,
  );
  expect(bound.config.predicted.shedShare).toBeGreaterThan(0.5);
  const wrong = () => tune(overload, { sloP99Ms: 250, spillway: '0.1.0', maxThreads: 0 });
  expect(wrong).toThrow(/^maxThreads: expected a whole number from 1 to 1024, got 0$/);
});

test('between several limits the knee is chosen', () => {
  const { runs, sloP99Ms } = WORKLOADS['a model endpoint past its knee, run with three limits']!;
  const config = tuned(named(...runs.map((run) => sampleReport(run))), sloP99Ms);
  const { limit } = config.agents[0]!;
  expect(limit!.value).toBeGreaterThanOrEqual(22);
  expect(limit!.value).toBeLessThanOrEqual(26);
  expect(limit!.because).toContain('the knee');
});

test('a limit that was reached is kept if nothing was measured beyond it, and that is said', () => {
  const run = sampleRun({ agents: [model(16)], ratePerSecond: () => 300, queueLimit: 400 });
  const { limit } = tuned(named(sampleReport(run)), 2_000).agents[0]!;
  expect(limit!.value).toBe(16);
  expect(limit!.because).toMatch(/^its limit was reached, and nothing was measured beyond 1[56]\.\d at once/);
});

test('an agent with room gets the limit that its load needs, by Little’s law', () => {
  const run = sampleRun({ agents: [{ ...model(64), knee: 1_000 }], ratePerSecond: () => 150 });
  const { limit } = tuned(named(sampleReport(run)), 600).agents[0]!;
  // 15 at once on average; 99.9 % of a Poisson distribution of that mean lie below 28, and the busiest second had more.
  expect(limit!.value).toBeGreaterThan(27);
  expect(limit!.value).toBeLessThan(36);
});

describe('refuses', () => {
  const overloaded = sampleReport({ ratePerSecond: () => 400 });
  const refusals = (reports: readonly LoadReport[], sloP99Ms: number) => {
    const result = tune(named(...reports), { sloP99Ms, spillway: '1' });
    return result.status === 'refused' ? result.refusals : [];
  };

  test('an objective below the service time itself, and names the agent', () => {
    expect(refusals([overloaded], 5)).toEqual([
      {
        reason: 'not-feasible',
        agent: 'primes',
        message: expect.stringMatching(
          /agent "primes" alone, p99 \d+\.\d ms .* longer than the objective of 5 ms/,
        ),
      },
    ]);
  });

  test('an objective that leaves no room above the service time', () => {
    const [agent] = overloaded.agents;
    const found = refusals([overloaded], agent!.serviceMs.p99 * 1.05);
    expect(found).toMatchObject([
      { reason: 'not-feasible', message: expect.stringContaining('leaves no room') },
    ]);
  });

  test('too few samples', () => {
    const found = refusals([sampleReport({ durationMs: 2_000 })], 250);
    expect(found).toMatchObject([
      {
        reason: 'too-few-samples',
        agent: 'primes',
        message: expect.stringMatching(/needs at least 1000; run for longer/),
      },
    ]);
  });

  test('a run in which nothing was offered', () => {
    const empty = sampleReport({ durationMs: 1_000, ratePerSecond: () => 1e-6 });
    expect(refusals([empty], 250)).toMatchObject([{ reason: 'too-few-samples' }]);
  });

  test('an invalid run', () => {
    const found = refusals([sampleReport({ invalid: ['arrivals were 80 ms late'] })], 250);
    expect(found[0]).toMatchObject({ reason: 'invalid-run', message: expect.stringContaining('80 ms late') });
  });

  test.each([
    [
      'another machine',
      { cpuModel: 'Other CPU' },
      /processor is 4 x Sample CPU in the one and 4 x Other CPU/,
    ],
    [
      'other agents',
      { agents: [{ ...primes, name: 'other' }] },
      /agents is primes \(threads\) in the one and other/,
    ],
    [
      'other service times',
      { agents: [{ ...primes, meanMs: 16 }] },
      /median service of "primes" is .* same concurrency/,
    ],
  ])('reports that contradict each other: %s', (_what, options, message) => {
    const other = sampleReport({ ratePerSecond: () => 400, ...options });
    expect(refusals([overloaded, other], 250)).toMatchObject([
      { reason: 'contradictory', message: expect.stringMatching(message) },
    ]);
  });

  test('a report that contradicts itself', () => {
    const totals = { ...overloaded.totals, completed: overloaded.totals.completed + 1 };
    const found = refusals([{ ...overloaded, totals }], 250);
    expect(found).toMatchObject([
      { reason: 'contradictory', message: expect.stringContaining('were offered') },
      { reason: 'contradictory', message: expect.stringContaining('completed in all') },
    ]);
  });

  test('a run that the model does not understand', () => {
    // A load that grows past a knee: one histogram cannot say that the slow ones all came at the end.
    const run = sampleReport({
      agents: [model(64)],
      ratePerSecond: (ms) => 60 + ms / 60,
      durationMs: 15_000,
      queueLimit: 500,
    });
    expect(refusals([run], 1_500)[0]).toMatchObject({ reason: 'model-fails' });
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '250', null])('the objective %j', (sloP99Ms) => {
    expect(() => tune(named(overloaded), { sloP99Ms: sloP99Ms as number, spillway: '1' })).toThrow(
      /^sloP99Ms: expected a number of milliseconds above 0, at most 2147483647, got /,
    );
  });

  test('no report at all', () => {
    expect(() => tune([], { sloP99Ms: 250, spillway: '1' })).toThrow('reports: expected at least one report');
  });
});
