import { describe, expect, test } from 'vitest';
import { Meter } from '../../src/resources/meter.ts';

const MINUTE_MS = 60_000;
const START_MS = 5_000;

/** Counts something that starts right then; gives its part. */
function count(meter: Meter, amount: number, atMs: number): number {
  const part = meter.count(amount, atMs);
  meter.stamp(atMs);
  return part;
}

/** Counts ones as early as they fit, until a time; gives when each was counted. */
function fill(meter: Meter, fromMs: number, untilMs: number): number[] {
  const times: number[] = [];
  for (let atMs = fromMs; ; atMs = Math.max(atMs, meter.roomAtMs(1, atMs))) {
    if (atMs >= untilMs) return times;
    if (meter.roomAtMs(1, atMs) > atMs) continue;
    count(meter, 1, atMs);
    times.push(atMs);
  }
}

describe('a meter', () => {
  test('starts slowly, and spreads a limit over its window', () => {
    const times = fill(new Meter(600, MINUTE_MS, START_MS), START_MS, START_MS + MINUTE_MS);
    // A second's worth at once, then one each 100 ms and a margin.
    expect(times.filter((atMs) => atMs === START_MS)).toHaveLength(10);
    expect(times.length).toBeGreaterThan(0.95 * 600);
    expect(times.length).toBeLessThanOrEqual(600);
    for (const [at, atMs] of times.slice(11).entries()) expect(atMs - times[at + 10]!).toBeLessThan(102);
  });

  test('gives three seconds’ worth at once after a quiet time', () => {
    const meter = new Meter(600, MINUTE_MS, START_MS);
    const laterMs = START_MS + 10 * MINUTE_MS;
    expect(fill(meter, laterMs, laterMs + 1)).toHaveLength(30);
  });

  test('has room again as soon as less was used than was counted', () => {
    const meter = new Meter(100, MINUTE_MS, START_MS);
    const part = count(meter, 100, START_MS);
    expect(meter.roomAtMs(40, START_MS + 1)).toBeGreaterThan(START_MS + MINUTE_MS);
    meter.giveBack(60, part);
    const readyAtMs = meter.roomAtMs(40, START_MS + 1);
    // The pace still makes up for the 40 that were used.
    expect(readyAtMs).toBeLessThan(START_MS + 0.4 * MINUTE_MS);
    expect(meter.roomAtMs(40, readyAtMs)).toBeLessThanOrEqual(readyAtMs);
  });

  test('lowers its limit to the provider’s, and never goes above its own', () => {
    const meter = new Meter(100, MINUTE_MS, START_MS);
    meter.learn({ limit: 40 }, Number.NaN, START_MS);
    expect(meter.limit).toBe(40);
    meter.learn({ limit: 1_000 }, Number.NaN, START_MS);
    expect(meter.limit).toBe(100);
    meter.learn({ limit: 0 }, Number.NaN, START_MS);
    expect(meter.limit).toBe(100);
  });

  test('takes the provider’s limit, which is by the minute, for its own window', () => {
    const meter = new Meter(Number.POSITIVE_INFINITY, 1_000, START_MS);
    meter.learn({ limit: 600 }, Number.NaN, START_MS);
    expect(meter.limit).toBe(10);
  });

  test('leaves room for others that use the same limit, until the provider’s is whole again', () => {
    const meter = new Meter(100, MINUTE_MS, START_MS);
    count(meter, 1, START_MS);
    expect(meter.left).toBe(99);
    meter.learn({ remaining: 0, resetMs: 10_000 }, meter.left, START_MS);
    expect(meter.roomAtMs(1, START_MS)).toBe(START_MS + 10_000);
    expect(meter.roomAtMs(1, START_MS + 10_000)).toBeLessThanOrEqual(START_MS + 10_000);
  });

  test('is not held up by a provider that has no less left than it has itself', () => {
    const meter = new Meter(100, MINUTE_MS, START_MS);
    count(meter, 1, START_MS);
    meter.learn({ remaining: 99 }, meter.left, START_MS);
    expect(meter.roomAtMs(1, START_MS)).toBeLessThanOrEqual(START_MS);
  });

  test('lets one call through whose need is above what the provider allows in all', () => {
    const meter = new Meter(100, MINUTE_MS, START_MS);
    meter.learn({ limit: 40 }, Number.NaN, START_MS);
    expect(meter.roomAtMs(80, START_MS)).toBeLessThanOrEqual(START_MS);
    count(meter, 80, START_MS);
    const laterMs = meter.roomAtMs(1, START_MS);
    expect(laterMs).toBeGreaterThan(START_MS + MINUTE_MS);
    expect(laterMs).toBeLessThan(START_MS + 2.1 * MINUTE_MS);
  });
});
