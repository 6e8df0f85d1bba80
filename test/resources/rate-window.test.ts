import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateWindow, WINDOW_MARGIN } from '../../src/resources/rate-window.ts';

const WINDOW_MS = 60_000;

/** Amounts at times that go up. */
const courses = fc.array(
  fc.record({
    afterMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
    amount: fc.integer({ min: 0, max: 100 }),
  }),
  { minLength: 1, maxLength: 200 },
);

describe('a window', () => {
  test('never counts less than the last 60 s held, nor more than the last 60.5 s', () => {
    fc.assert(
      fc.property(courses, (course) => {
        const window = new RateWindow(WINDOW_MS);
        const counted: { atMs: number; amount: number }[] = [];
        let atMs = 1_000;
        for (const { afterMs, amount } of course) {
          atMs += afterMs;
          window.add(amount, atMs);
          counted.push({ atMs, amount });
          const within = (ms: number) =>
            counted.reduce((sum, one) => (one.atMs >= atMs - ms ? sum + one.amount : sum), 0);
          expect(window.used).toBeGreaterThanOrEqual(within(WINDOW_MS));
          expect(window.used).toBeLessThanOrEqual(within(WINDOW_MS * (1 + WINDOW_MARGIN)));
        }
      }),
    );
  });

  test('counts what came without a time for 60 s at least, and for no longer than it would since its time was told', () => {
    const late = fc.array(
      fc.record({
        afterMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
        startsAfterMs: fc.double({ min: 0, max: 2_000, noNaN: true }),
        amount: fc.integer({ min: 0, max: 100 }),
        unused: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(late, (course) => {
        const window = new RateWindow(WINDOW_MS);
        const counted: { startedAtMs: number; toldAtMs: number; amount: number; used: number }[] = [];
        let atMs = 1_000;
        for (const { afterMs, startsAfterMs, amount, unused } of course) {
          atMs += afterMs;
          window.advance(atMs);
          const part = window.addUnstamped(amount);
          // It starts a little later than the clock was read, and its time is told after that.
          const startedAtMs = atMs + startsAfterMs;
          atMs = startedAtMs;
          window.stamp(atMs);
          const left = Math.floor(amount * unused);
          window.takeBack(left, part);
          counted.push({ startedAtMs, toldAtMs: atMs, amount, used: amount - left });
          const sum = (ms: number, of: 'amount' | 'used') =>
            counted.reduce((total, one) => (one.toldAtMs >= atMs - ms ? total + one[of] : total), 0);
          expect(window.used).toBeGreaterThanOrEqual(sum(WINDOW_MS, 'used'));
          expect(window.used).toBeLessThanOrEqual(sum(WINDOW_MS * (1 + WINDOW_MARGIN), 'amount'));
        }
      }),
    );
  });

  test('says when room is free, not a part too early and not a part too late', () => {
    fc.assert(
      fc.property(courses, fc.integer({ min: 1, max: 100 }), (course, wanted) => {
        const window = new RateWindow(WINDOW_MS);
        let atMs = 1_000;
        for (const { afterMs, amount } of course) {
          atMs += afterMs;
          window.add(amount, atMs);
        }
        const { used } = window;
        fc.pre(used >= wanted);
        const freeAtMs = window.freeAtMs(wanted);
        window.advance(freeAtMs - 0.01);
        expect(window.used).toBeGreaterThan(used - wanted);
        window.advance(freeAtMs);
        expect(window.used).toBeLessThanOrEqual(used - wanted);
      }),
    );
  });

  test('takes back what was counted too much, as long as it counts', () => {
    const window = new RateWindow(WINDOW_MS);
    const part = window.add(10, 1_000);
    window.takeBack(4, part);
    expect(window.used).toBe(6);
    window.advance(1_000 + WINDOW_MS * 1.01);
    window.takeBack(6, part);
    expect(window.used).toBe(0);
  });

  test('whose clock is set back goes on counting', () => {
    const window = new RateWindow(WINDOW_MS);
    window.add(1, 100_000);
    window.add(1, 10_000);
    expect(window.used).toBe(2);
    window.advance(100_000 + WINDOW_MS * 1.01);
    expect(window.used).toBe(0);
  });
});
