import { describe, expect, test } from 'vitest';
import type { ScaleReason } from '../../src/contract/scaling.ts';
import {
  decideScaling,
  initialScaling,
  type LoadPicture,
  type ScalingRules,
  wantedThreads,
} from '../../src/supervisor/scaling.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';

const RULES: ScalingRules = {
  min: 2,
  max: 8,
  targetLoad: 0.7,
  allowedWaitMs: 250,
  coolDownMs: 1_000,
  quietMs: 10_000,
};
const LOOK_EVERY_MS = 250;

describe('the number of threads that a picture asks for', () => {
  const cases: readonly [string, LoadPicture, number, ScaleReason][] = [
    ['none too many where load is near its target', { threads: 4, load: 0.725, waitingMs: 0 }, 4, 'steady'],
    ['more where they are busy', { threads: 4, load: 0.9, waitingMs: 0 }, 6, 'load'],
    ['more where much waits', { threads: 4, load: 0.7, waitingMs: 1_400 }, 6, 'wait'],
    ['fewer where they are idle', { threads: 4, load: 0.375, waitingMs: 0 }, 3, 'quiet'],
    ['never fewer than the least', { threads: 4, load: 0, waitingMs: 0 }, 2, 'quiet'],
    ['the least where there are fewer', { threads: 1, load: 0, waitingMs: 0 }, 2, 'minimum'],
    ['never more than the most', { threads: 6, load: 1, waitingMs: 99_000 }, 8, 'wait'],
    ['as many as there may be and are', { threads: 8, load: 1, waitingMs: 99_000 }, 8, 'steady'],
  ];
  test.each(cases)('is %s', (_name, picture, wanted, why) => {
    expect(wantedThreads(picture, RULES)).toEqual({ wanted, why });
  });
});

/** Threads under a load that varies, on a clock of its own. */
class Course {
  readonly clock = new VirtualClock();
  readonly changes: { readonly atMs: number; readonly from: number; readonly to: number }[] = [];
  readonly waitedMs: number[] = [];
  threads: number;
  private backlogMs = 0;
  private state = initialScaling(0);
  private readonly demand: (atMs: number) => number;
  private readonly rules: ScalingRules;

  /** @param demand threads' worth of work that arrives at a time */
  constructor(demand: (atMs: number) => number, rules: ScalingRules = RULES) {
    this.demand = demand;
    this.rules = rules;
    this.threads = rules.min;
    this.clock.schedule(LOOK_EVERY_MS, () => this.look());
  }

  private look(): void {
    const nowMs = this.clock.now();
    const arrivedMs = this.demand(nowMs) * LOOK_EVERY_MS;
    const doneMs = Math.min(this.backlogMs + arrivedMs, this.threads * LOOK_EVERY_MS);
    this.backlogMs += arrivedMs - doneMs;
    this.waitedMs.push(this.backlogMs / this.threads);
    const picture = {
      threads: this.threads,
      load: doneMs / (this.threads * LOOK_EVERY_MS),
      waitingMs: this.backlogMs,
    };
    const { state, target } = decideScaling(this.state, picture, this.rules, nowMs);
    this.state = state;
    if (target !== this.threads) this.changes.push({ atMs: nowMs, from: this.threads, to: target });
    this.threads = target;
    this.clock.schedule(LOOK_EVERY_MS, () => this.look());
  }
}

const MINUTE_MS = 60_000;

describe('threads that follow load', () => {
  test('are enough within three seconds of its rise, and what waited is gone', async () => {
    const course = new Course((atMs) => (atMs < MINUTE_MS ? 1 : 4.5));
    await course.clock.runUntil(MINUTE_MS - 1);
    expect(course.changes).toEqual([]);
    await course.clock.runUntil(MINUTE_MS + 3_000);
    expect(course.threads).toBeGreaterThanOrEqual(7);
    await course.clock.runUntil(MINUTE_MS + 10_000);
    expect(course.waitedMs.at(-1)).toBe(0);
  });

  test('go only once fewer have been enough for the quiet time', async () => {
    const course = new Course((atMs) => (atMs < MINUTE_MS ? 4.5 : 0.5));
    await course.clock.runUntil(MINUTE_MS + RULES.quietMs - 2 * LOOK_EVERY_MS);
    const busy = course.threads;
    expect(busy).toBeGreaterThanOrEqual(6);
    await course.clock.runUntil(MINUTE_MS + RULES.quietMs + 2 * LOOK_EVERY_MS);
    expect(course.threads).toBe(RULES.min);
    expect(course.changes.at(-1)).toMatchObject({ from: busy, to: RULES.min });
  });

  test('stay through a lull that is shorter than the quiet time', async () => {
    const course = new Course((atMs) => (atMs % MINUTE_MS < RULES.quietMs - 1_000 ? 0 : 4));
    await course.clock.runUntil(10 * MINUTE_MS);
    expect(course.changes.filter(({ from, to }) => to < from)).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5])('settle under a load that is noisy: seed %i', async (seed) => {
    const random = new SeededRandom(seed);
    const course = new Course(() => 3 * (0.8 + random.below(1_000) / 2_500));
    await course.clock.runUntil(MINUTE_MS);
    const settled = course.changes.length;
    await course.clock.runUntil(10 * MINUTE_MS);
    expect(course.changes.length - settled).toBeLessThanOrEqual(2);
    expect(course.threads).toBeGreaterThanOrEqual(4);
  });

  test.each([11, 12, 13])('stay within their bounds, and rest between changes: seed %i', async (seed) => {
    const random = new SeededRandom(seed);
    let demand = 0;
    const course = new Course(() => {
      if (random.chance(0.05)) demand = random.below(12);
      return demand;
    });
    for (let atMs = 0; atMs < 5 * MINUTE_MS; atMs += LOOK_EVERY_MS) {
      await course.clock.runUntil(atMs);
      expect(course.threads).toBeGreaterThanOrEqual(RULES.min);
      expect(course.threads).toBeLessThanOrEqual(RULES.max);
    }
    expect(course.changes.length).toBeGreaterThan(2);
    for (const [i, { atMs }] of course.changes.slice(1).entries()) {
      expect(atMs - course.changes[i]!.atMs).toBeGreaterThanOrEqual(RULES.coolDownMs);
    }
  });

  test('remember no more marks than there are numbers of threads', () => {
    const random = new SeededRandom(7);
    let state = initialScaling(0);
    for (let atMs = 0; atMs < 100_000; atMs += LOOK_EVERY_MS) {
      const picture = { threads: 8, load: random.below(100) / 100, waitingMs: 0 };
      state = decideScaling(state, picture, { ...RULES, quietMs: 1_000_000 }, atMs).state;
      expect(state.marks.length).toBeLessThanOrEqual(RULES.max - RULES.min + 1);
    }
  });
});
