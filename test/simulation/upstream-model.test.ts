import { describe, expect, it } from 'vitest';
import { UpstreamModel } from './upstream-model.ts';
import { VirtualClock } from './virtual-clock.ts';

const WORK_MS = 1_000;

/** Keeps so many calls in flight for a while; gives how many ended, and how long the last one took. */
async function drive(knee: number, running: number, forMs: number, slowdown = 1) {
  const clock = new VirtualClock();
  const upstream = new UpstreamModel(clock, knee);
  upstream.change({ slowdown });
  let ended = 0;
  let lastMs = 0;
  const call = () => {
    const startedAtMs = clock.now();
    upstream.call(WORK_MS, () => {
      ended++;
      lastMs = clock.now() - startedAtMs;
      call();
    });
  };
  for (let i = 0; i < running; i++) call();
  await clock.runUntil(forMs);
  expect(upstream.running).toBe(running);
  return { ended, lastMs };
}

describe('the upstream model', () => {
  it.each([1, 10, 64])('serves %i calls at full speed where the knee is 64', async (running) => {
    const { ended, lastMs } = await drive(64, running, 10_500);
    expect(lastMs).toBeCloseTo(WORK_MS, 6);
    expect(ended).toBe(10 * running);
  });

  it.each([65, 100, 128, 400])('serves %i calls at (64 / n)^1.2 of it', async (running) => {
    const expectedMs = WORK_MS * (running / 64) ** 1.2;
    const { ended, lastMs } = await drive(64, running, 10.5 * expectedMs);
    expect(lastMs).toBeCloseTo(expectedMs, 6);
    // More at once is less in total.
    expect(ended).toBe(10 * running);
    expect(ended / (10 * expectedMs)).toBeLessThan(64 / WORK_MS);
  });

  it('slows all calls by the slow-down, on both sides of the knee', async () => {
    expect((await drive(64, 10, 9_000, 4)).lastMs).toBeCloseTo(4 * WORK_MS, 6);
    expect((await drive(64, 128, 40_000, 4)).lastMs).toBeCloseTo(4 * WORK_MS * 2 ** 1.2, 6);
  });

  it('counts what a call has done before a change, and before others came', async () => {
    const clock = new VirtualClock();
    const upstream = new UpstreamModel(clock, 1, 1);
    const ends: number[] = [];
    const end = () => ends.push(clock.now());
    upstream.call(1_000, end);
    await clock.runUntil(500);
    // Two at once, each at half speed.
    upstream.call(1_000, end);
    await clock.runUntil(1_000);
    upstream.change({ knee: 2 });
    await clock.runUntil(5_000);
    expect(ends).toEqual([1_250, 1_750]);
  });

  it('ends every call', async () => {
    const clock = new VirtualClock();
    const upstream = new UpstreamModel(clock, 4);
    let ended = 0;
    for (let i = 0; i < 100; i++) clock.schedule(i * 10, () => upstream.call(i, () => ended++));
    await clock.runUntil(1e6);
    expect([ended, upstream.running]).toEqual([100, 0]);
  });
});
