import { describe, expect, it } from 'vitest';
import { Guard } from '../../src/admission/guard.ts';
import type { Health } from '../../src/contract/probe.ts';
import { systemProbe } from '../../src/contract/probe.ts';

const WELL: Health = {
  loopDelayP99Ms: 1,
  loopUtilization: 0.5,
  heapUsedBytes: 50,
  heapLimitBytes: 100,
  rssBytes: 500,
};

/** A guard over a process that is as `health` says. */
function guardOf(health: Partial<Health>) {
  let looks = 0;
  const guard = new Guard({ sloMs: 100, heapShare: 0.9, rssBytes: 1_000 }, () => () => {
    looks++;
    return { ...WELL, ...health };
  });
  return { guard, looks: () => looks };
}

describe('the guard', () => {
  it('lets everybody pass while the process is well', () => {
    const { guard } = guardOf({});
    expect([0, 1, 2].map((cls) => guard.check(cls, 0))).toEqual([undefined, undefined, undefined]);
  });

  it('turns the lowest class away while the loop is late and busy', () => {
    const { guard } = guardOf({ loopDelayP99Ms: 30, loopUtilization: 0.95 });
    expect([0, 1].map((cls) => guard.check(cls, 0))).toEqual([undefined, undefined]);
    expect(guard.check(2, 0)).toMatchObject({ reason: 'loop-delay', load: 3 });
    expect(guardOf({ loopDelayP99Ms: 30 }).guard.check(2, 0)).toBeUndefined();
  });

  it.each([
    ['heap', { heapUsedBytes: 91 }],
    ['resident memory', { rssBytes: 1_001 }],
  ])('turns everybody away above the ceiling of %s', (_what, health) => {
    const { guard } = guardOf(health);
    for (const cls of [0, 1, 2]) expect(guard.check(cls, 0)).toMatchObject({ reason: 'memory' });
  });

  it('looks four times a second, and on a clock that jumped back, too', () => {
    const { guard, looks } = guardOf({});
    for (let nowMs = 0; nowMs < 1_000; nowMs++) guard.check(1, nowMs);
    expect(looks()).toBe(4);
    guard.check(1, -100_000);
    expect(looks()).toBe(5);
  });
});

it('the probe of this process tells plausible numbers', () => {
  const { loopDelayP99Ms, loopUtilization, heapUsedBytes, heapLimitBytes, rssBytes } = systemProbe()();
  expect(loopDelayP99Ms).toBeGreaterThanOrEqual(0);
  expect(loopUtilization).toBeGreaterThanOrEqual(0);
  expect(loopUtilization).toBeLessThanOrEqual(1);
  expect(heapUsedBytes).toBeGreaterThan(1e6);
  expect(heapLimitBytes).toBeGreaterThan(heapUsedBytes);
  expect(rssBytes).toBeGreaterThan(1e7);
});
