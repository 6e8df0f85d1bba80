import { describe, expect, it } from 'vitest';
import type { Limit } from '../../src/contract/limit.ts';
import { AimdLimit } from './baselines/aimd.ts';
import { CoDelLimit } from './baselines/codel.ts';
import { Gradient2Limit } from './baselines/gradient2.ts';
import { PidLimit } from './baselines/pid.ts';
import { PriorityDrop } from './baselines/priority-drop.ts';
import { VegasLimit } from './baselines/vegas.ts';
import type { WindowedLimit } from './baselines/windowed-limit.ts';
import { VirtualClock } from './virtual-clock.ts';

const HIGH = 10;
const LOW = -10;
const OPTIONS = { initial: 20, min: 4, max: 200, windowMs: 100, samples: 10 };

/** Windows of full use in which every task takes so long. */
async function windows(limit: WindowedLimit, clock: VirtualClock, count: number, serviceMs: number) {
  for (let i = 0; i < count; i++) {
    let inside = 0;
    while (limit.acquire(0) === undefined) inside++;
    await clock.runUntil(clock.now() + 100);
    for (; inside > 0; inside--) limit.release('success', 0, serviceMs);
  }
}

describe.each([
  ['AIMD', (clock: VirtualClock) => new AimdLimit({ ...OPTIONS, targetMs: 50 }, clock)],
  ['Gradient2', (clock: VirtualClock) => new Gradient2Limit(OPTIONS, clock)],
  ['Vegas', (clock: VirtualClock) => new VegasLimit(OPTIONS, clock)],
])('%s', (_name, make) => {
  it('lets in as many as its limit says, and takes every place back', async () => {
    const clock = new VirtualClock();
    const limit = make(clock);
    let inside = 0;
    while (limit.acquire(0) === undefined) inside++;
    expect([inside, limit.load(), limit.hasRoom(HIGH)]).toEqual([20, 1, false]);
    for (; inside > 0; inside--) limit.release('ignored', 0, 1);
    expect([limit.load(), limit.limit]).toEqual([0, 20]);
  });

  it('grows while latency stays low and shrinks when it has grown, within its bounds', async () => {
    const clock = new VirtualClock();
    const limit = make(clock);
    await windows(limit, clock, 10, 10);
    const grown = limit.limit;
    expect(grown).toBeGreaterThan(24);
    await windows(limit, clock, 5, 500);
    expect(limit.limit).toBeLessThan(grown);
    await windows(limit, clock, 500, 5_000);
    expect(limit.limit).toBeGreaterThanOrEqual(4);
    await windows(limit, clock, 500, 1);
    expect(limit.limit).toBeLessThanOrEqual(200);
  });

  it('does not move while less than half of it is used', async () => {
    const clock = new VirtualClock();
    const limit = make(clock);
    for (let i = 0; i < 200; i++) {
      limit.acquire(0);
      await clock.runUntil(clock.now() + 20);
      limit.release('success', 0, 10);
    }
    expect(limit.limit).toBe(20);
  });
});

describe('AIMD', () => {
  it('gains one and loses a tenth', async () => {
    const clock = new VirtualClock();
    const limit = new AimdLimit({ ...OPTIONS, targetMs: 50 }, clock);
    await windows(limit, clock, 1, 10);
    expect(limit.limit).toBe(21);
    await windows(limit, clock, 1, 100);
    expect(limit.limit).toBeCloseTo(18.9, 6);
  });
});

describe('shedding by priority', () => {
  /** Shares let in, by class, of arrivals of 10, 30 and 60 %. */
  function admitted(share: number) {
    const drop = new PriorityDrop();
    drop.share = share;
    const levels = [HIGH, 0, 0, 0, LOW, LOW, LOW, LOW, LOW, LOW];
    const counts = new Map<number, number>();
    for (let i = 0; i < 4_000; i++) {
      for (const level of levels) {
        const isIn = drop.admits(level) ? 1 : 0;
        if (i >= 2_000) counts.set(level, (counts.get(level) ?? 0) + isIn);
      }
    }
    return [counts.get(HIGH)! / 2_000, counts.get(0)! / 6_000, counts.get(LOW)! / 12_000];
  }

  it.each([
    [0, [1, 1, 1]],
    [0.3, [1, 1, 0.5]],
    [0.6, [1, 1, 0]],
    [0.75, [1, 0.5, 0]],
    [0.95, [0.5, 0, 0]],
  ])('a share of %f takes the lowest first', (share, expected) => {
    for (const [cls, got] of admitted(share).entries()) {
      expect(Math.abs(got - expected[cls]!)).toBeLessThan(0.02);
    }
  });
});

/** A second of tasks that waited so long; gives the share that was shed. */
async function second(limit: Limit, clock: VirtualClock, waitMs: number): Promise<number> {
  let shed = 0;
  for (let i = 0; i < 1_000; i++) {
    await clock.runUntil(clock.now() + 1);
    if (limit.acquire(i % 10 === 0 ? HIGH : LOW) === undefined) limit.release('success', waitMs, 5);
    else shed++;
  }
  return shed / 1_000;
}

describe.each([
  ['CoDel', (clock: VirtualClock) => new CoDelLimit({ targetMs: 10, intervalMs: 50 }, clock)],
  [
    'PID',
    (clock: VirtualClock) =>
      new PidLimit({ setpointMs: 10, periodMs: 10, gains: { p: 0.2, i: 0.01, d: 0 } }, clock),
  ],
])('%s', (_name, make) => {
  it('sheds nothing while the wait is short', async () => {
    const clock = new VirtualClock();
    expect(await second(make(clock), clock, 5)).toBe(0);
  });

  it('sheds more the longer the wait is bad, low priorities first, and lets all in again', async () => {
    const clock = new VirtualClock();
    const limit = make(clock);
    const first = await second(limit, clock, 30);
    expect(first).toBeGreaterThan(0.05);
    expect(await second(limit, clock, 30)).toBeGreaterThan(first);
    for (let i = 0; i < 20; i++) await second(limit, clock, 0);
    expect(await second(limit, clock, 0)).toBe(0);
    expect(limit.load()).toBe(0);
  });
});

describe('CoDel', () => {
  it('one short wait in an interval is proof that there is no standing queue', async () => {
    const clock = new VirtualClock();
    const limit = new CoDelLimit({ targetMs: 10, intervalMs: 50 }, clock);
    for (let i = 0; i < 1_000; i++) {
      await clock.runUntil(clock.now() + 1);
      expect(limit.acquire(LOW)).toBeUndefined();
      limit.release('success', i % 25 === 0 ? 5 : 80, 5);
    }
  });
});
