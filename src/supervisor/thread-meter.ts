import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { ThreadLink } from '../lanes/thread-link.ts';
import { emptyPicture } from '../load-table/reader.ts';

/**
 * Tells from the load table how busy threads were between two looks. Only the time that they lived counts: where threads
 * die again and again, those that are left are no less busy for it.
 */
export class ThreadMeter {
  private readonly lane: ThreadLane;
  private readonly picture = emptyPicture(0);
  /** Time spent in handlers, as of the last look. */
  private busyMs = new Map<ThreadLink, number>();
  private atMs: number;
  private last = 0;

  constructor(lane: ThreadLane, nowMs: number) {
    this.lane = lane;
    this.atMs = nowMs;
  }

  /** Share of the time since the last look, 0 to 1, that was spent in handlers; as before if no thread lived then. */
  load(nowMs: number): number {
    const after = new Map<ThreadLink, number>();
    let busyMs = 0;
    let aliveMs = 0;
    for (const link of this.lane.roster.links.values()) {
      const picture = this.lane.table.read(link.slot, this.picture);
      const { started, completed, failed, startedAtMs, bornAtMs } = picture;
      const isRunning = started > completed + failed;
      // What runs is not in the sum before it ends.
      const totalMs = picture.busyMs + (isRunning ? Math.max(0, nowMs - startedAtMs) : 0);
      after.set(link, totalMs);
      const livedMs = Math.max(0, nowMs - Math.max(this.atMs, bornAtMs));
      aliveMs += livedMs;
      busyMs += Math.min(livedMs, Math.max(0, totalMs - (this.busyMs.get(link) ?? 0)));
    }
    this.busyMs = after;
    this.atMs = nowMs;
    if (aliveMs > 0) this.last = busyMs / aliveMs;
    return this.last;
  }
}
