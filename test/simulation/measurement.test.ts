import { describe, expect, it } from 'vitest';
import { Measurement, type Result, type Window } from './measurement.ts';
import { coldStartS, recoveryS } from './transients.ts';

const attempt = (atMs: number, cls = 1, workMs = 1) => ({ atMs, cls, workMs, factor: 1 });

function measurement() {
  return new Measurement({ sloMs: 100, fromS: 1, toS: 3, durationS: 4, windowS: 1 });
}

/** Windows of a second, each calm unless it is named. */
function result(length: number, change: (second: number) => Partial<Window>): Result {
  const windows = Array.from({ length }, (_, second) => ({
    offered: 10,
    admitted: 10,
    rejected: 0,
    good: 10,
    isDisturbed: false,
    goodWork: 10,
    concurrency: 8,
    ...change(second),
  }));
  return { goodput: 1, p99: 0.5, good: [1, 1, 1], rejected: 0, windows, windowS: 1 };
}

describe('the measurement', () => {
  it('counts what was offered in its time, and goodput by when it completed', () => {
    const measured = measurement();
    const early = attempt(950);
    const good = attempt(1_500, 0);
    const slow = attempt(1_600, 0);
    const rejected = attempt(2_000, 2);
    for (const one of [early, good, slow, rejected]) measured.offered(one);
    for (const one of [early, good, slow]) measured.admitted(one);
    measured.rejected(rejected);
    measured.completed(early, 1_010);
    measured.completed(good, 1_550);
    measured.completed(slow, 1_800);
    expect(measured.result(10, 4_000)).toMatchObject({
      goodput: 0.2,
      p99: 2,
      good: [0.5, 0, 0],
      rejected: 1 / 3,
    });
    expect(measured.windows.map(({ isDisturbed }) => isDisturbed)).toEqual([false, true, true, false, false]);
  });

  it('what was admitted and never ended counts with its age', () => {
    const measured = measurement();
    const lost = attempt(1_000);
    measured.offered(lost);
    measured.admitted(lost);
    expect(measured.result(1, 4_000)).toMatchObject({ goodput: 0, p99: 30, rejected: 0 });
    expect(measured.windows[1]!.isDisturbed).toBe(true);
  });

  it('a task that takes the objective by itself disturbs nothing', () => {
    const measured = measurement();
    const long = attempt(1_000, 1, 90);
    measured.offered(long);
    measured.admitted(long);
    measured.completed(long, 1_120);
    expect(measured.windows[1]!.isDisturbed).toBe(false);
  });

  it('a heavy task counts as much as its agent takes, whatever it took itself', () => {
    const measured = measurement();
    const heavy = { ...attempt(1_000), factor: 2 };
    measured.offered(heavy);
    measured.admitted(heavy);
    measured.completed(heavy, 1_001);
    expect(measured.result(4, 4_000).goodput).toBe(0.5);
  });
});

describe('recovery', () => {
  it('is the first window of ten calm ones', () => {
    const disturbed = new Set([3, 22, 24, 36]);
    const run = result(60, (second) => ({ isDisturbed: disturbed.has(second) }));
    expect(recoveryS(run, 20, 60)).toBe(5);
    expect(recoveryS(run, 40, 60)).toBe(0);
  });

  it('is never, if ten calm ones do not come', () => {
    expect(
      recoveryS(
        result(60, (second) => ({ isDisturbed: second % 8 === 0 })),
        20,
        60,
      ),
    ).toBe(Number.POSITIVE_INFINITY);
    expect(
      recoveryS(
        result(60, () => ({})),
        55,
        60,
      ),
    ).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a cold start', () => {
  it('is over when five seconds have reached 0.9 of what comes later', () => {
    expect(
      coldStartS(
        result(60, (second) => ({ goodWork: second < 12 ? 2 : 10 })),
        60,
      ),
    ).toBe(17);
    expect(
      coldStartS(
        result(60, () => ({})),
        60,
      ),
    ).toBe(5);
  });
});
