import { expect, test } from 'vitest';
import type { Ending } from '../../bench/overload/contender.ts';
import { drive } from '../../bench/overload/drive.ts';
import type { Offered } from '../../bench/overload/offered.ts';
import type { Phase } from '../../bench/overload/plan.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';

const PHASES: readonly Phase[] = [
  { name: 'storm', load: 1.2, fromMs: 0, countFromMs: 0, untilMs: 2_000, retries: true },
  { name: 'calm', load: 0.7, fromMs: 2_000, countFromMs: 2_000, untilMs: 4_000, retries: true },
  { name: 'step', load: 2, fromMs: 4_000, countFromMs: 4_000, untilMs: 6_000, retries: false },
];
const task = (atMs: number, phase: number): Offered => ({
  atMs,
  phase,
  priority: 'low',
  input: 1,
  weight: 1,
});

/** What becomes of the tasks when every sending ends so, at once. */
async function attemptsAt(offered: readonly Offered[], ending: Ending) {
  const clock = new VirtualClock();
  const driven = drive({
    opened: { send: async () => ending, close: async () => {} },
    phases: PHASES,
    offered,
    graceMs: 100,
    clock,
    // The middle: delays of clients are exactly what they double.
    random: () => 0.5,
    onPhase: () => {},
  });
  await clock.runUntil(10_000);
  return (await driven).attempts;
}

test('a rejected task comes back three times, after what the rejection says', async () => {
  const attempts = await attemptsAt([task(10, 0)], { status: 'rejected', retryAfterMs: 250 });
  expect(attempts.map(({ intendedMs, retry }) => [intendedMs, retry])).toEqual([
    [10, 0],
    [260, 1],
    [510, 2],
    [760, 3],
  ]);
  expect(attempts.every(({ status, priority }) => status === 'rejected' && priority === 'low')).toBe(true);
});

test('without a hint clients double their delay', async () => {
  const attempts = await attemptsAt([task(10, 0)], { status: 'failed' });
  expect(attempts.map(({ intendedMs }) => intendedMs)).toEqual([10, 110, 310, 710]);
});

test('nothing comes back once the calm is over, or at the steps', async () => {
  const late = await attemptsAt([task(3_900, 1)], { status: 'rejected', retryAfterMs: 250 });
  expect(late).toHaveLength(1);
  const step = await attemptsAt([task(4_100, 2)], { status: 'rejected', retryAfterMs: 250 });
  expect(step).toHaveLength(1);
});

test('what completed does not come back', async () => {
  const attempts = await attemptsAt([task(10, 0), task(20, 0)], { status: 'completed' });
  expect(attempts.map(({ intendedMs, endMs }) => [intendedMs, endMs])).toEqual([
    [10, 10],
    [20, 20],
  ]);
});
