import { describe, expect, it } from 'vitest';
import { RestartBudget } from '../../src/supervisor/restart-budget.ts';

describe('the restart budget', () => {
  it('tolerates max deaths within the window and not one more', () => {
    const budget = new RestartBudget({ max: 3, windowMs: 1_000 });
    expect([0, 10, 20, 30].map((atMs) => budget.spend(atMs))).toEqual([true, true, true, false]);
  });

  it('forgets deaths that are older than the window', () => {
    const budget = new RestartBudget({ max: 2, windowMs: 1_000 });
    expect([0, 500, 1_000, 1_499, 1_500].map((atMs) => budget.spend(atMs))).toEqual([
      true,
      true,
      true,
      false,
      true,
    ]);
  });

  it('starts anew after it was overdrawn', () => {
    const budget = new RestartBudget({ max: 1, windowMs: 1_000 });
    expect([0, 1, 2, 3].map((atMs) => budget.spend(atMs))).toEqual([true, false, true, false]);
  });
});
