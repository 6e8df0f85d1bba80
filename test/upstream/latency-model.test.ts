import { expect, test } from 'vitest';
import { callWork, countTokens, slowdown } from '../../src/upstream/latency-model.ts';
import { UPSTREAM_DEFAULTS } from '../../src/upstream/options.ts';
import { lognormal, seededRandom } from '../../src/upstream/seeded-random.ts';

test('calls up to the knee run at full speed, past it each slows down by the power law', () => {
  const speeds = { knee: 8, kneeExponent: 1.2 };
  expect([1, 7, 8].map((calls) => slowdown(calls, speeds))).toEqual([1, 1, 1]);
  expect(slowdown(16, speeds)).toBeCloseTo(2 ** 1.2);
});

test('past the knee more calls at once finish fewer per second', () => {
  const throughput = (calls: number) => calls / slowdown(calls, UPSTREAM_DEFAULTS);
  expect(throughput(48)).toBeLessThan(throughput(24));
});

test('without jitter the time is the sum of its parts', () => {
  const speeds = { ...UPSTREAM_DEFAULTS, baseMs: 10, promptTokenMs: 0.5, outputTokenMs: 2, jitterSigma: 0 };
  expect(callWork(100, speeds, Math.random)).toEqual({ promptMs: 60, outputTokenMs: 2 });
});

test('the same seed gives the same times', () => {
  const times = () => {
    const random = seededRandom(7);
    return Array.from({ length: 20 }, () => callWork(100, UPSTREAM_DEFAULTS, random));
  };
  expect(times()).toEqual(times());
  expect(new Set(times().map(({ promptMs }) => promptMs)).size).toBe(20);
});

test('jitter does not change the mean', () => {
  const random = seededRandom(3);
  const draws = Array.from({ length: 20_000 }, () => lognormal(0.5, random));
  expect(draws.reduce((a, b) => a + b) / draws.length).toBeCloseTo(1, 1);
  expect(Math.min(...draws)).toBeGreaterThan(0);
});

test('four code units make a token', () => {
  expect(['', 'abc', 'abcd', 'abcde'].map(countTokens)).toEqual([0, 1, 1, 2]);
});
