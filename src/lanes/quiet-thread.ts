import { HEARTBEAT_EVERY_MS } from '../contract/wire.ts';
import { emptyPicture, type SlotPicture } from '../load-table/reader.ts';
import type { ThreadLane } from './thread-lane.ts';
import type { ThreadLink } from './thread-link.ts';

const picture: SlotPicture = emptyPicture(0);

/**
 * For how long a thread has shown neither progress nor a turn of its event loop, in milliseconds. `sinceMs` is when it
 * last got on with its work: the start of the task that runs, or when the batch came that it should take.
 */
export function quietMs(sinceMs: number, heartbeatAtMs: number, nowMs: number): number {
  // Between two beats nothing is known: a task counts as quiet no earlier than it can be.
  return nowMs - (heartbeatAtMs > sinceMs ? heartbeatAtMs + HEARTBEAT_EVERY_MS : sinceMs);
}

/**
 * The same for a thread that runs no task although it has some: what a handler left behind when it returned blocks its
 * event loop. 0 if the thread has nothing to take.
 */
export function quietBetweenTasksMs(lane: ThreadLane, link: ThreadLink, nowMs: number): number {
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for (const batch of link.batches) {
    if (batch === undefined || batch.end === 0 || lane.table.startedItems(link.slot, batch.cell) > 0)
      continue;
    oldestAtMs = Math.min(oldestAtMs, batch.postedAtMs);
  }
  if (oldestAtMs === Number.POSITIVE_INFINITY) return 0;
  const { lastProgressAtMs, heartbeatAtMs } = lane.table.read(link.slot, picture);
  return quietMs(Math.max(oldestAtMs, lastProgressAtMs), heartbeatAtMs, nowMs);
}
