import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrivalsOf, RATE_KINDS, type RatePlan } from '../../src/load/arrivals.ts';
import { arrivalTimes } from '../../src/load/rate-curve.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';

const PLAN: RatePlan = {
  kind: 'poisson',
  ratePerSecond: 100,
  toRatePerSecond: 300,
  burst: { factor: 4, share: 0.2, periodMs: 5_000 },
  warmupMs: 10_000,
  durationMs: 100_000,
};

function timesOf(plan: Partial<RatePlan>, seed = 1): number[] {
  const times: number[] = [];
  const arrivals = arrivalsOf({ ...PLAN, ...plan }, seededRandom(seed));
  for (let next = arrivals.next(); !next.done; next = arrivals.next()) times.push(next.value);
  return times;
}

const between = (times: readonly number[], fromMs: number, toMs: number) =>
  times.filter((at) => at >= fromMs && at < toMs).length;
/** Within five standard deviations of what a Poisson process of that mean brings. */
function expectAbout(count: number, mean: number): void {
  expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
}

test('constant arrivals are a gap apart, to the last one', () => {
  const times = timesOf({ kind: 'constant', ratePerSecond: 8, warmupMs: 0, durationMs: 1_000 });
  expect(times).toEqual([125, 250, 375, 500, 625, 750, 875, 1_000]);
});

test('Poisson arrivals have the rate, and gaps whose deviation is their mean', () => {
  const times = timesOf({ kind: 'poisson' });
  expectAbout(times.length, 11_000);
  const gaps = times.slice(1).map((at, i) => at - times[i]!);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.95);
  expect(Math.sqrt(variance) / mean).toBeLessThan(1.05);
});

test('bursts bring what the calm lacks: the mean is the rate', () => {
  const times = timesOf({ kind: 'bursty', warmupMs: 0 });
  expectAbout(times.length, 10_000);
  const inBursts = times.filter((at) => at % 5_000 >= 4_000).length;
  expectAbout(inBursts, 8_000);
});

test('a step jumps half-way through the measured part', () => {
  const times = timesOf({ kind: 'step' });
  expectAbout(between(times, 0, 60_000), 6_000);
  expectAbout(between(times, 60_000, 110_000), 15_000);
});

test('a ramp climbs evenly after the warm-up, down as well as up', () => {
  const up = timesOf({ kind: 'ramp' });
  expectAbout(between(up, 0, 10_000), 1_000);
  expectAbout(between(up, 10_000, 20_000), 1_100);
  expectAbout(between(up, 100_000, 110_000), 2_900);
  const down = timesOf({ kind: 'ramp', warmupMs: 0, toRatePerSecond: 0.001 });
  expectAbout(between(down, 0, 50_000), 3_750);
  expectAbout(between(down, 50_000, 100_000), 1_250);
});

test.each(RATE_KINDS)('%s: equal seeds give equal arrivals, other seeds others', (kind) => {
  expect(timesOf({ kind }, 7)).toEqual(timesOf({ kind }, 7));
  if (kind !== 'constant') expect(timesOf({ kind }, 7)).not.toEqual(timesOf({ kind }, 8));
});

describe('on any curve', () => {
  const rate = fc.double({ min: 0, max: 5, noNaN: true });
  const segment = fc.record({
    lengthMs: fc.double({ min: 0.001, max: 1_000, noNaN: true }),
    fromRate: rate,
    toRate: rate,
  });

  test('arrivals never go back in time, stay on it, and are as many as its area', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (curve) => {
        const times = [...arrivalTimes(curve, () => 1)];
        const lengthMs = curve.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
        const area = curve.reduce((sum, s) => sum + (s.lengthMs * (s.fromRate + s.toRate)) / 2, 0);
        expect(Math.abs(times.length - area)).toBeLessThan(1 + 1e-9);
        for (const [i, at] of times.entries()) {
          expect(at).toBeGreaterThanOrEqual(times[i - 1] ?? 0);
          expect(at).toBeLessThanOrEqual(lengthMs * (1 + 1e-12));
        }
      }),
    );
  });
});
