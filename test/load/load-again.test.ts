import { expect, test } from 'vitest';
import { loadAgain } from '../../src/load/load-again.ts';
import { type LoadOptions, loadOptions } from '../../src/load/options.ts';
import { planArrivals } from '../../src/load/plan.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { sampleReport } from '../report/sample-report.ts';

const TRACE = {
  path: '/calls.csv',
  calls: [0, 10_000, 30_000].map((atMs) => ({ atMs, contextTokens: 5, generatedTokens: 5 })),
  spanMs: 30_000,
  meanTokens: 10,
};

function planned(options: LoadOptions) {
  const full = loadOptions(options);
  const plan = planArrivals(full, options.trace ? TRACE : undefined, 40, seededRandom(full.seed));
  return { ...plan, full };
}

function times(options: LoadOptions): number[] {
  const found: number[] = [];
  const { arrivals } = planned(options);
  for (let next = arrivals.next(); !next.done; next = arrivals.next()) found.push(next.value);
  return found;
}

test.each<[string, Partial<LoadOptions>]>([
  ['constant', { arrivals: 'constant', rate: { perSecond: 50 } }],
  ['poisson at a multiple of the capacity', { rate: { timesCapacity: 2 } }],
  ['bursty', { arrivals: 'bursty', burst: { factor: 3, share: 0.1, periodMs: 1_000 } }],
  ['step', { arrivals: 'step', rate: { perSecond: 20 }, toRate: { timesCapacity: 3 } }],
  ['ramp', { arrivals: 'ramp', rate: { timesCapacity: 0.5 } }],
  ['trace', { trace: 'calls.csv', speed: 2 }],
  ['trace at a multiple of the capacity', { trace: 'calls.csv', rate: { timesCapacity: 0.01 } }],
])('arrivals come at the same times again: %s', (_, given) => {
  const first: LoadOptions = { cwd: '/here', seed: 7, warmupMs: 1_000, durationMs: 4_000, ...given };
  const { description, durationMs, full } = planned(first);
  const report = sampleReport();
  const trace = given.trace ?? null;
  const again = loadAgain({
    ...report,
    run: { ...report.run, arrivals: description, durationMs, trace, seed: full.seed, warmupMs: 1_000 },
  });
  expect(times(again)).toEqual(times(first));
  expect(planned(again).durationMs).toBe(durationMs);
});

test('the same tasks, from where they were run; the engine is left open', () => {
  const report = sampleReport();
  const again = loadAgain(report);
  expect(again).toMatchObject({
    target: 'cpu',
    cwd: '/sample',
    priorities: report.run.priorities,
    cpu: { serviceMs: 10, sigma: 0.5, stepsPerMs: 1_000 },
    drainMs: 30_000,
  });
  for (const open of ['threads', 'policy', 'queueLimit', 'sloP99Ms']) expect(again).not.toHaveProperty(open);
  const upstream = { kind: 'upstream', knee: 8, contextTokens: 900, generatedTokens: 20 } as const;
  const called = loadAgain({ ...report, run: { ...report.run, target: 'upstream', work: upstream } });
  expect(called.upstream).toEqual({ knee: 8, contextTokens: 900, generatedTokens: 20 });
  expect(called).not.toHaveProperty('cpu');
});
