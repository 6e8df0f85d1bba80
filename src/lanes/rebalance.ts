import type { Clock } from '../contract/clock.ts';
import { OPEN_PER_THREAD } from './thread-choice.ts';
import type { ThreadLane } from './thread-lane.ts';

/**
 * Takes back batches that wait behind a long one, where they keep their tasks from something better: a thread
 * stands idle, or a task of a higher priority than theirs came. Returns whether anything came back.
 */
export function reclaim(lane: ThreadLane, headLevel: number, nowMs: number): boolean {
  let idle = false;
  for (const link of lane.roster.ready) idle ||= link.open === 0;
  let any = false;
  for (const link of lane.roster.ready) {
    if (link.open < OPEN_PER_THREAD || lane.choice.remainingMs(link, nowMs) <= lane.quantumMs) continue;
    for (const batch of link.batches) {
      if (batch === undefined || batch.end === 0 || lane.table.startedItems(link.slot, batch.cell) > 0)
        continue;
      if (idle || batch.level < headLevel) any = lane.takeBack(link, batch) > 0 || any;
    }
  }
  return any;
}

/** With nothing waiting: gives what waits behind a long batch to a thread that stands idle. */
export function balance(lane: ThreadLane, clock: Clock): void {
  let idle = false;
  let waiting = false;
  for (const link of lane.roster.ready) {
    idle ||= link.open === 0;
    waiting ||= link.open >= OPEN_PER_THREAD;
  }
  if (idle && waiting) reclaim(lane, Number.NEGATIVE_INFINITY, clock.now());
}

/** Takes back what waits behind a task that runs far longer than expected. Returns whether anything came back. */
export function relieve(lane: ThreadLane, nowMs: number): boolean {
  let any = false;
  for (const link of lane.roster.ready) {
    if (link.open === 0) continue;
    const running = lane.running(link);
    if (running === undefined) continue;
    const expectedMs = running.batch.agents[running.index]!.expectedMs;
    if (nowMs - running.startedAtMs <= Math.max(2 * lane.quantumMs, 4 * expectedMs)) continue;
    for (const batch of link.batches) if (batch !== undefined) any = lane.takeBack(link, batch) > 0 || any;
  }
  return any;
}
