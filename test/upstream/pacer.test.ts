import { expect, test } from 'vitest';
import { Pacer, SLICE_MS } from '../../src/upstream/pacer.ts';

function simulated(overshootMs = 0) {
  const time = { nowMs: 0, sleeps: 0 };
  const sleep = async (delayMs: number, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    time.nowMs += delayMs + overshootMs;
    time.sleeps += 1;
  };
  return { time, now: () => time.nowMs, sleep };
}

const { signal } = new AbortController();

test('work takes its time at full speed', async () => {
  const { time, now, sleep } = simulated();
  await new Pacer({ now, sleep, slowdown: () => 1, signal }).spend(110);
  expect(time.nowMs).toBeCloseTo(110);
});

test('the imprecision of timers does not add up', async () => {
  const { time, now, sleep } = simulated(2);
  const pacer = new Pacer({ now, sleep, slowdown: () => 1, signal });
  for (let i = 0; i < 100; i += 1) await pacer.spend(SLICE_MS);
  expect(time.nowMs).toBeLessThanOrEqual(100 * SLICE_MS + 2);
});

test('a call speeds up again when others have ended', async () => {
  const { time, now, sleep } = simulated();
  const pacer = new Pacer({ now, sleep, slowdown: () => (time.nowMs < 100 ? 4 : 1), signal });
  await pacer.spend(2 * SLICE_MS);
  expect(time.nowMs).toBeCloseTo(4 * SLICE_MS + SLICE_MS);
});

test('a caller that has gone ends the wait', async () => {
  const { now, sleep } = simulated();
  const gone = new AbortController();
  gone.abort();
  await expect(new Pacer({ now, sleep, slowdown: () => 1, signal: gone.signal }).spend(0)).rejects.toThrow(
    /abort/,
  );
});
