import { describe, expect, it } from 'vitest';
import { ServiceWindow } from '../../src/admission/service-window.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

const filled = (values: readonly number[]) => {
  const window = new ServiceWindow();
  for (const value of values) window.record(value);
  return window;
};

describe('a service window', () => {
  it('knows nothing at first', () => {
    expect([new ServiceWindow().count, new ServiceWindow().quantile(0.99)]).toEqual([0, 0]);
  });

  it('tells quantiles within half a bucket', () => {
    const random = new SeededRandom(1);
    const values = Array.from({ length: 250 }, () => 0.02 * 1e6 ** random.next());
    const sorted = [...values].sort((a, b) => a - b);
    const window = filled(values);
    for (const q of [0.1, 0.5, 0.9, 0.99]) {
      const exact = sorted[Math.ceil(q * values.length) - 1]!;
      expect(window.quantile(q) / exact).toBeGreaterThan(0.95);
      expect(window.quantile(q) / exact).toBeLessThan(1.05);
    }
  });

  it('forgets what is more than 512 samples ago', () => {
    const window = filled(Array(300).fill(1_000));
    for (let i = 0; i < 512; i++) window.record(1);
    expect(window.quantile(1)).toBeCloseTo(1, 1);
    expect(window.count).toBeLessThanOrEqual(512);
  });

  it('takes what is no time as the shortest, and what is beyond as the longest', () => {
    const window = new ServiceWindow();
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, -50]) window.record(value);
    expect(window.quantile(1)).toBeLessThan(0.001);
    window.record(Number.POSITIVE_INFINITY);
    expect(window.quantile(1)).toBeGreaterThan(1e6);
  });
});
