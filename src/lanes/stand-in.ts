import { retire, retireStandby } from './retire.ts';
import type { ThreadLane } from './thread-lane.ts';

/** How long a thread that was started ahead of time stays after it was last wanted, in milliseconds. */
const KEEP_MS = 10_000;

/**
 * One thread more while another seems to be blocked: to start one takes longer than to see that one is lost. It takes no
 * work before that. Threads that were blocked once often are again, so there is one that stands by for a while.
 */
export class StandIn {
  private readonly lane: ThreadLane;
  private wantedAtMs: number | undefined = undefined;

  constructor(lane: ThreadLane) {
    this.lane = lane;
  }

  get isUp(): boolean {
    return this.wantedAtMs !== undefined && this.lane.pool.hasSpare;
  }

  want(nowMs: number): void {
    if (!this.isUp) this.lane.pool.standBy(true);
    this.wantedAtMs = nowMs;
  }

  /** Ends it once it has not been wanted for long, and those that were lost are replaced. */
  look(nowMs: number): void {
    if (!this.isUp || nowMs - this.wantedAtMs! < KEEP_MS) return;
    const { roster, pool } = this.lane;
    if (roster.ready.length < pool.size || roster.standby === undefined) return;
    this.wantedAtMs = undefined;
    pool.standBy(false);
    if (!retireStandby(this.lane)) retire(this.lane);
    roster.fillUp();
  }
}
