import { expect, test } from 'vitest';
import { tickEvery, until } from '../../src/load/ticker.ts';
import { ManualClock } from '../manual-clock.ts';

test('it ticks at its start and then every period, until it is stopped', () => {
  const clock = new ManualClock(0);
  const ticks: number[] = [];
  const stop = tickEvery(clock, 100, 50, () => ticks.push(clock.now()));
  clock.advance(260);
  expect(ticks).toEqual([100, 150, 200, 250]);
  stop();
  clock.advance(1_000);
  expect(ticks).toHaveLength(4);
  expect(clock.pending).toBe(0);
});

test('a timer that comes a little early is not followed by another one', () => {
  const clock = new ManualClock(0);
  const ticks: number[] = [];
  const early = {
    now: () => clock.now(),
    schedule: (delayMs: number, fn: () => void) => clock.schedule(Math.max(0, delayMs - 0.4), fn),
    defer: (fn: () => void) => clock.defer(fn),
  };
  tickEvery(early, 100, 50, () => ticks.push(clock.now()));
  clock.advance(240);
  expect(ticks).toHaveLength(3);
});

test('ticks that a stall has swallowed are left out, and the rhythm is kept', () => {
  const clock = new ManualClock(0);
  const ticks: number[] = [];
  const late = [120];
  const stalling = {
    now: () => clock.now(),
    schedule: (delayMs: number, fn: () => void) => clock.schedule(delayMs + (late.shift() ?? 0), fn),
    defer: (fn: () => void) => clock.defer(fn),
  };
  tickEvery(stalling, 100, 50, () => ticks.push(clock.now()));
  clock.advance(320);
  expect(ticks).toEqual([220, 250, 300]);
});

test('waiting ends in time, earlier if it is told to, or with the reason of an abort', async () => {
  const clock = new ManualClock(0);
  const inTime = until(clock, 100, undefined);
  clock.advance(100);
  await inTime;
  let done = () => {};
  const early = until(clock, 500, undefined, (fn) => {
    done = fn;
  });
  done();
  await early;
  const stop = new AbortController();
  const stopped = until(clock, 500, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(stopped).rejects.toThrow('stopped');
  await expect(until(clock, 500, stop.signal)).rejects.toThrow('stopped');
  expect(clock.pending).toBe(0);
});
