import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../src/dispatch/retry-budget.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

/** How many of the retries that are asked for every millisecond are granted, with a traffic a millisecond. */
function granted(budget: RetryBudget, fromMs: number, forMs: number, traffic: number, from = 0): number {
  let sum = 0;
  for (let ms = 1; ms <= forMs; ms++) {
    if (budget.spend(fromMs + ms, from + Math.floor(ms * traffic))) sum++;
  }
  return sum;
}

describe('the budget of retries', () => {
  it('grants a share of the first attempts, and no more', () => {
    const budget = new RetryBudget({ share: 0.1, windowMs: 1_000, minimum: 0 }, 0, 0);
    const sum = granted(budget, 0, 20_000, 5);
    expect(sum).toBeGreaterThan(9_900);
    expect(sum).toBeLessThanOrEqual(10_000);
    expect(budget).toMatchObject({ made: sum, denied: 20_000 - sum });
  });

  it('lets a quiet engine retry a few a window', () => {
    const budget = new RetryBudget({ share: 0.1, windowMs: 1_000, minimum: 5 }, 0, 0);
    expect(granted(budget, 0, 10, 0)).toBe(5);
    expect(granted(budget, 1_010, 10, 0)).toBe(5);
    expect(granted(budget, 1_020, 200, 0)).toBe(1);
  });

  it('never refuses for good what a minimum of one allows', () => {
    const budget = new RetryBudget({ share: 0, windowMs: 1_000, minimum: 1 }, 0, 0);
    for (let second = 1; second <= 100; second++) expect(budget.spend(second * 1_000, 0)).toBe(true);
  });

  it('saves nothing up for a storm: long traffic without failures is worth one window', () => {
    const budget = new RetryBudget({ share: 0.1, windowMs: 1_000, minimum: 0 }, 0, 0);
    // One failure a second over an hour of 1,000 tasks a second, then a thousand failures at once.
    for (let second = 1; second <= 3_600; second++) budget.spend(second * 1_000, second * 1_000);
    let sum = 0;
    for (let i = 0; i < 1_000; i++) if (budget.spend(3_600_000, 3_600_000)) sum++;
    expect(sum).toBeGreaterThan(80);
    expect(sum).toBeLessThanOrEqual(110);
  });

  it('that is empty grants nothing, ever', () => {
    const budget = new RetryBudget({ share: 0, minimum: 0 }, 0, 0);
    expect(granted(budget, 0, 1_000, 100)).toBe(0);
  });

  it('bounds retries in any run of time, and does not mind a clock that jumps', () => {
    const seed = 20_261;
    const seeded = new SeededRandom(seed);
    const random = () => seeded.next();
    const budget = new RetryBudget({ share: 0.2, windowMs: 500, minimum: 3 }, 0, 0);
    let nowMs = 0;
    let passedMs = 0;
    let firsts = 0;
    let made = 0;
    for (let i = 0; i < 20_000; i++) {
      const stepMs = random() < 0.01 ? -300 * random() : 20 * random();
      nowMs += stepMs;
      passedMs += Math.abs(stepMs);
      firsts += Math.floor(4 * random());
      if (budget.spend(nowMs, firsts)) made++;
      expect(made, `seed ${seed}`).toBeLessThanOrEqual(0.2 * firsts + 3 + (3 * 2 * passedMs) / 500 + 1);
    }
    expect(made, `seed ${seed}`).toBeGreaterThan(0.15 * firsts);
  });
});
