import { describe, expect, test } from 'vitest';
import { compareReports } from '../../src/report/compare.ts';
import { Distribution } from '../../src/report/distribution.ts';
import { difference, quantileEstimate, shareEstimate } from '../../src/report/significance.ts';
import { type SampleRun, sampleReport } from '../fixtures/sample-report.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

const run = (options: Partial<SampleRun> = {}) =>
  sampleReport({ durationMs: 20_000, ratePerSecond: () => 200, ...options });
const verdicts = (a: Partial<SampleRun>, b: Partial<SampleRun>) => {
  const { measures } = compareReports(run(a), run(b));
  const all = measures.filter(({ scope }) => scope === 'all');
  return Object.fromEntries(all.map(({ measure, difference: { verdict } }) => [measure, verdict]));
};
const primes = { name: 'primes', lane: 'threads', weight: 1, limit: null, meanMs: 8, sigma: 0.5 } as const;

test('two runs of the same system differ by noise only', () => {
  const found = Object.values(verdicts({ seed: 3 }, { seed: 4 }));
  expect(found).not.toContain('significant');
  expect(found).toContain('within noise');
});

test('work that takes half as long is significantly faster', () => {
  const found = verdicts({}, { agents: [{ ...primes, meanMs: 4 }] });
  expect(found).toMatchObject({ p50: 'significant', p90: 'significant', p99: 'significant' });
});

test('a bound that lets a fifth of the work in raises the share that is shed', () => {
  const over = { ratePerSecond: () => 400, durationMs: 20_000 };
  expect(verdicts({ ...over, queueLimit: 60 }, { ...over, queueLimit: 10_000 })).toMatchObject({
    shed: 'significant',
    goodput: 'significant',
  });
});

test('a short run says too little about its tail', () => {
  const short = { durationMs: 2_000 };
  expect(verdicts(short, { ...short, seed: 2 })).toMatchObject({
    p99: 'too few samples',
    'p99.9': 'too few samples',
  });
});

test('what was set differently is told, and what forbids the comparison is warned of', () => {
  const other = run({ threads: 4, cpuModel: 'Other CPU', invalid: ['arrivals were late'] });
  const { settings, warnings } = compareReports(run(), other);
  expect(settings).toEqual([{ name: 'threads', a: '2', b: '4' }]);
  expect(warnings).toEqual([
    'the second run is invalid: arrivals were late',
    'not the same processor: 4 x Sample CPU and 4 x Other CPU',
  ]);
  expect(compareReports(run(), run({ seed: 9 })).warnings).toEqual([]);
});

test('agents that only one run has are left out, with a warning', () => {
  const { measures, warnings } = compareReports(run(), run({ agents: [{ ...primes, name: 'other' }] }));
  expect(new Set(measures.map(({ scope }) => scope))).toEqual(new Set(['all']));
  expect(warnings).toEqual(['not the same agents: primes and other']);
});

describe('an interval of 95 %', () => {
  const random = new SeededRandom(11);
  const TRIES = 400;
  /** How often the interval of a sample holds the true value. */
  const coverage = (holds: () => boolean) =>
    Array.from({ length: TRIES }, holds).filter(Boolean).length / TRIES;

  test('of a percentile holds the true one about 95 times of a hundred', () => {
    const share = coverage(() => {
      const values = Array.from({ length: 1_000 }, () => random.next()).sort((a, b) => a - b);
      const sample = new Distribution(
        values,
        values.map(() => 1),
      );
      const { low, high } = quantileEstimate(sample, 0.9, 1);
      return low <= 0.9 && high >= 0.9;
    });
    expect(share).toBeGreaterThan(0.92);
    expect(share).toBeLessThan(0.99);
  });

  test('of the difference of two shares holds the true one about 95 times of a hundred', () => {
    const drawn = (share: number) =>
      Array.from({ length: 500 }, () => random.chance(share)).filter(Boolean).length;
    const share = coverage(() => {
      const found = difference(shareEstimate(drawn(0.3), 500, 1), shareEstimate(drawn(0.5), 500, 1), 0);
      return found.low <= 0.2 && found.high >= 0.2;
    });
    expect(share).toBeGreaterThan(0.92);
    expect(share).toBeLessThan(0.99);
  });
});
