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
