import { expect, test } from 'vitest';
import { judge } from '../../src/load/validity.ts';

const lag = (p99: number, max: number, count = 1_000) => ({
  count,
  mean: 1,
  p50: 1,
  p90: 1,
  p99,
  p999: max,
  max,
});

test('a punctual generator makes a valid run', () => {
  expect(judge(lag(1.5, 8), 250)).toEqual({ valid: true, reasons: [], lagMs: lag(1.5, 8) });
});

test('10 ms of lag are always allowed, and 5 % of the objective', () => {
  expect(judge(lag(10, 20), null).valid).toBe(true);
  expect(judge(lag(10.1, 20), null).valid).toBe(false);
  expect(judge(lag(10.1, 20), 50).valid).toBe(false);
  expect(judge(lag(49, 60), 1_000).valid).toBe(true);
  expect(judge(lag(51, 60), 1_000).valid).toBe(false);
});

test('a stall as long as the objective makes a run invalid, however rare', () => {
  expect(judge(lag(2, 249), 250).valid).toBe(true);
  expect(judge(lag(2, 251), 250).valid).toBe(false);
  expect(judge(lag(2, 999), null).valid).toBe(true);
  expect(judge(lag(2, 1_001), null).valid).toBe(false);
  expect(judge(lag(2, 5_001), 60_000).valid).toBe(false);
  // An objective below what is allowed anyway does not make every run invalid.
  expect(judge(lag(2, 9), 5).valid).toBe(true);
});

test('a run without a single arrival proves nothing', () => {
  const { valid, reasons } = judge(lag(0, 0, 0), 250);
  expect(valid).toBe(false);
  expect(reasons).toEqual([expect.stringContaining('no task arrived in the measured part')]);
});

test('a generator that gave up makes a run invalid, even if nothing was measured yet', () => {
  const { valid, reasons } = judge(lag(0, 0, 0), 250, true);
  expect(valid).toBe(false);
  expect(reasons).toEqual([
    expect.stringContaining('gave up before the end'),
    expect.stringMatching(/^what to do/),
  ]);
});

test('the reasons say how late, how late is allowed, and what to do', () => {
  const { reasons } = judge(lag(42.04, 300), 250);
  expect(reasons).toEqual([
    '1 % of the arrivals were sent more than 42.0 ms late; 12.5 ms is allowed',
    'an arrival was sent 300.0 ms late; less than 250.0 ms is allowed',
    expect.stringMatching(
      /^what to do: ask for fewer arrivals a second, for fewer threads than there are cores/,
    ),
  ]);
});
