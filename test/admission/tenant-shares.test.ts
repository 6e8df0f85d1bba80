import { describe, expect, it } from 'vitest';
import { isFair, TenantShares } from '../../src/admission/tenant-shares.ts';

/** Share of what each tenant offers that is within its share, after a while; offers are in slots. */
function admitted(
  offers: Readonly<Record<string, number>>,
  weights: Record<string, number> = {},
  capacity = 1,
) {
  const shares = new TenantShares(weights);
  const seen = new Map<string, { offered: number; taken: number }>();
  const workMs = 1;
  const due = new Map(Object.keys(offers).map((name) => [name, 0]));
  for (let nowMs = 0; nowMs < 60_000; nowMs++) {
    shares.tick(nowMs, 10, capacity, 2_000);
    for (const [name, slots] of Object.entries(offers)) {
      due.set(name, due.get(name)! + slots);
      while (due.get(name)! >= 1) {
        due.set(name, due.get(name)! - 1);
        const tenant = shares.offer(name, workMs);
        const isWithin = isFair(tenant, workMs);
        if (isWithin) tenant.creditMs -= workMs;
        if (nowMs < 20_000) continue;
        const counts = seen.get(name) ?? { offered: 0, taken: 0 };
        counts.offered++;
        if (isWithin) counts.taken++;
        seen.set(name, counts);
      }
    }
  }
  const parts = [...seen].map(
    ([name, { offered, taken }]) => [name, [taken / offered, taken / 40_000]] as const,
  );
  return Object.fromEntries(parts) as Record<string, [share: number, slots: number]>;
}

describe('tenants', () => {
  it('get all they ask for while it fits', () => {
    expect(admitted({ a: 4, b: 5 })).toEqual({ a: [1, 4], b: [1, 5] });
  });

  it('that ask for less than their share are not limited by one that asks for five times as much', () => {
    const got = admitted({ a: 2, b: 2, c: 2, d: 2, greedy: 10 });
    for (const name of ['a', 'b', 'c', 'd']) expect(got[name]![0]).toBe(1);
    // What the others leave of 9.5 slots.
    expect(got.greedy![1]).toBeGreaterThan(1.3);
    expect(got.greedy![1]).toBeLessThan(1.7);
  });

  it('share what is left by their weights', () => {
    const got = admitted({ small: 1, one: 20, three: 20 }, { three: 3 });
    expect(got.small![0]).toBe(1);
    expect(got.three![1] / got.one![1]).toBeGreaterThan(2.8);
    expect(got.three![1] / got.one![1]).toBeLessThan(3.2);
    expect(got.one![1] + got.three![1]).toBeGreaterThan(8);
  });

  it('share what higher classes leave', () => {
    const got = admitted({ a: 5, b: 5 }, {}, 0.4);
    expect(got.a![1]).toBeGreaterThan(1.7);
    expect(got.a![1]).toBeLessThan(2.1);
  });

  it('with names of object members have weight 1', () => {
    expect(() => admitted({ constructor: 6, toString: 6 })).not.toThrow();
  });

  it('are forgotten when they have gone, and too many of them count as one', () => {
    const shares = new TenantShares({});
    for (let i = 0; i < 20_000; i++) shares.offer(`tenant ${i}`, 1);
    expect(shares.size).toBeLessThanOrEqual(10_001);
    for (let nowMs = 0; nowMs < 100_000; nowMs += 100) shares.tick(nowMs, 10, 1, 1_000);
    expect(shares.size).toBe(0);
  });
});
