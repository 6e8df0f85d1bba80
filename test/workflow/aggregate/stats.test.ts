import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { stats } from '../../../src/workflow/aggregate/aggregations.ts';
import { addExactly, type ExactSum, roundedSum } from '../../../src/workflow/aggregate/exact-sum.ts';
import { aggregateParts } from '../../../src/workflow/aggregate/part.ts';
import type { StatsOptions } from '../../../src/workflow/aggregate/stats.ts';

function figures(values: readonly number[], options?: StatsOptions<number>) {
  const aggregation = stats(options);
  return aggregation.finish(aggregateParts(aggregation, [{ from: 0, values }]));
}

test('of a few numbers, all figures are exact', () => {
  expect(figures([3, 1, 2, 4])).toEqual({
    count: 4,
    sum: 10,
    mean: 2.5,
    min: 1,
    max: 4,
    percentiles: { p50: 2, p90: 4, p99: 4 },
    exact: true,
  });
});

test('of no number there is no mean', () => {
  expect(figures([])).toEqual({
    count: 0,
    sum: 0,
    mean: undefined,
    min: undefined,
    max: undefined,
    percentiles: {},
    exact: true,
  });
});

describe('a sum', () => {
  test.each([
    [[1e100, 1, -1e100], 1],
    [Array.from({ length: 10 }, () => 0.1), 1],
    [[1, 1e-16, 1e-16], 1.0000000000000002],
    [[-0, 0], 0],
  ])('of %j is %d', (values, sum) => {
    expect(figures(values).sum).toBe(sum);
  });

  test('is that of integers of any length, rounded once', () => {
    // Multiples of 2^-30 below 2^60: as integers, their sum is exact.
    const value = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
    const scaled = fc.tuple(value, fc.integer({ min: 0, max: 40 })).map(([n, shift]) => ({ n, shift }));
    fc.assert(
      fc.property(fc.array(scaled, { maxLength: 60 }), (terms) => {
        const sum: ExactSum = [];
        for (const { n, shift } of terms) addExactly(sum, n * 2 ** shift);
        const exact = terms.reduce((total, { n, shift }) => total + (BigInt(n) << BigInt(shift)), 0n);
        expect(roundedSum(sum)).toBe(Number(exact));
      }),
    );
  });
});

describe('percentiles of more values than are kept', () => {
  test('are at most 0.1 % above the exact ones, whatever the sign and the size', () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e280, max: 1e280 });
    const options = { percentiles: [0, 25, 50, 75, 99, 100] };
    fc.assert(
      fc.property(fc.array(value, { minLength: 5, maxLength: 100 }), (values) => {
        const exact = figures(values, options);
        const near = figures(values, { ...options, exactUpTo: 1 });
        expect(near.exact).toBe(false);
        for (const [name, one] of Object.entries(near.percentiles)) {
          const wanted = exact.percentiles[name as `p${number}`]!;
          // Below the smallest normal double, all have one bucket for 2^-1032.
          expect(one).toBeGreaterThanOrEqual(wanted);
          expect(one - wanted).toBeLessThanOrEqual(Math.abs(wanted) * 0.001 + 2 ** -1030);
        }
      }),
    );
  });

  test('are those of an HdrHistogram of three digits, within the precision of both', () => {
    const values = Array.from({ length: 50_000 }, (_, i) => 1 + ((i * 7_919) % 50_000));
    const histogram = build({ numberOfSignificantValueDigits: 3 });
    for (const value of values) histogram.recordValue(value);
    const { percentiles, exact } = figures(values, { percentiles: [10, 50, 90, 99, 99.9] });
    expect(exact).toBe(false);
    for (const [name, value] of Object.entries(percentiles)) {
      const theirs = histogram.getValueAtPercentile(Number(name.slice(1)));
      expect(Math.abs(value - theirs) / theirs).toBeLessThan(0.002);
    }
  });
});
