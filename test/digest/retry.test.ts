import { expect, test } from 'vitest';
import { type CallFailure, retryDelayMs } from '../../src/digest/retry.ts';

const policy = { retries: 3, maxWaitMs: 60_000 };
const half = () => 0.5;
const busy = (retryAfterMs?: number): CallFailure => ({ kind: 'busy', retryAfterMs });
const transient: CallFailure = { kind: 'transient', retryAfterMs: undefined };

test('the time that the endpoint asks for is waited in full, spread over a time that doubles', () => {
  const delays = [1, 2, 3].map((times) =>
    retryDelayMs(busy(2_000), { busy: times, transient: 0 }, policy, half),
  );
  expect(delays).toEqual([2_050, 2_100, 2_200]);
});

test('without a time from the endpoint the wait doubles, up to 8 seconds', () => {
  const top = () => 1;
  const delays = [1, 2, 3, 10].map((times) =>
    retryDelayMs(busy(), { busy: times, transient: 0 }, policy, top),
  );
  expect(delays).toEqual([500, 1_000, 2_000, 8_000]);
});

test('being turned away does not use up retries, failing does', () => {
  expect(retryDelayMs(busy(0), { busy: 50, transient: 3 }, policy, half)).toBeDefined();
  expect(retryDelayMs(transient, { busy: 0, transient: 3 }, policy, half)).toBeDefined();
  expect(retryDelayMs(transient, { busy: 0, transient: 4 }, policy, half)).toBeUndefined();
});

test('a wait that is longer than the chunk may take is not begun', () => {
  expect(retryDelayMs(busy(60_001), { busy: 1, transient: 0 }, policy, half)).toBeUndefined();
});

test('what cannot get better is not tried again', () => {
  expect(retryDelayMs({ kind: 'final' }, { busy: 0, transient: 0 }, policy, half)).toBeUndefined();
});
