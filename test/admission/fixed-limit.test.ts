import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FixedLimit } from '../../src/admission/fixed-limit.ts';

/** How many it lets in. */
function admitted(capacity: number, threshold: number): number {
  const limit = new FixedLimit({ capacity, threshold });
  let count = 0;
  while (limit.acquire(0) === undefined) count++;
  return count;
}

describe('the fixed limit', () => {
  it.each([
    [10, 0.8, 8],
    [10_000, 0.8, 8_000],
    [1, 0.8, 1],
    [3, 1, 3],
    [4, 0.5, 2],
    [100, 0.55, 55],
    [100, 0.07, 7],
  ])('of capacity %i and threshold %f lets %i in', (capacity, threshold, expected) => {
    expect(admitted(capacity, threshold)).toBe(expected);
  });

  it('sheds exactly where outstanding / capacity has reached the threshold', () => {
    const hundredth = fc.integer({ min: 1, max: 100 }).map((n) => n / 100);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), hundredth, (capacity, threshold) => {
        const count = admitted(capacity, threshold);
        expect(count / capacity).toBeGreaterThanOrEqual(threshold);
        expect((count - 1) / capacity).toBeLessThan(threshold);
      }),
    );
  });

  it('hints at a retry by how long tasks stay and how many are inside', () => {
    const limit = new FixedLimit({ capacity: 100, threshold: 1 });
    while (limit.acquire(0) === undefined);
    expect(limit.acquire(0)).toEqual({ reason: 'over-limit', load: 1, retryAfterMs: 100 });
    limit.release('success', 400, 600);
    limit.acquire(0);
    // 100 inside for 1,000 ms each: one leaves every 10 ms, a tenth of the limit in 100 ms.
    expect(limit.acquire(0)?.retryAfterMs).toBeCloseTo(100, 9);
    limit.release('dropped', 1e9, 1e9);
    limit.acquire(0);
    expect(limit.acquire(0)?.retryAfterMs).toBeCloseTo(100, 9);
  });
});
