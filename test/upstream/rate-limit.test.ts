import { expect, test } from 'vitest';
import { RateLimit } from '../../src/upstream/rate-limit.ts';

test('a burst is let in at once and the next call is told when a token comes', () => {
  const limit = new RateLimit(10, 3, 0);
  const decisions = [1, 2, 3, 4].map(() => limit.take(0));
  expect(decisions.slice(0, 3)).toEqual([{ allowed: true }, { allowed: true }, { allowed: true }]);
  expect(decisions[3]).toEqual({ allowed: false, retryAfterMs: 100 });
});

test('a call that comes back when it was told to is let in', () => {
  const limit = new RateLimit(10, 1, 0);
  limit.take(0);
  const refused = limit.take(40);
  if (refused.allowed) throw new Error('expected a refusal');
  expect(limit.take(40 + refused.retryAfterMs)).toEqual({ allowed: true });
});

test('a long pause saves up no more than the burst', () => {
  const limit = new RateLimit(1_000, 2, 0);
  const allowed = [1, 2, 3].map(() => limit.take(1_000_000).allowed);
  expect(allowed).toEqual([true, true, false]);
});

test('a clock that goes back gives no tokens and takes none', () => {
  const limit = new RateLimit(10, 1, 1_000);
  expect(limit.take(500).allowed).toBe(true);
  expect(limit.take(400).allowed).toBe(false);
});
