import type { Clock } from '../contract/clock.ts';
import type { EngineEvents } from '../contract/events.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { Arbiter } from '../sync/arbiter.ts';

/** Says so when all threads wait for locks or barriers, so that no other task of the lane gets to run. */
export class BlockedThreads {
  private readonly clock: Clock;
  private readonly arbiter: Arbiter;
  private readonly afterMs: number;
  private readonly emit: (event: EngineEvents['threadsBlocked']) => void;
  private cancelReport: (() => void) | undefined = undefined;

  /** @param afterMs threads that wait for less long are not worth a word */
  constructor(
    clock: Clock,
    arbiter: Arbiter,
    afterMs: number,
    emit: (event: EngineEvents['threadsBlocked']) => void,
  ) {
    this.clock = clock;
    this.arbiter = arbiter;
    this.afterMs = afterMs;
    this.emit = emit;
  }

  /** A thread has come to wait, or waits no more. */
  changed(lane: ThreadLane): void {
    const { ready } = lane.roster;
    const isBlocked = ready.length > 0 && ready.every(({ syncWaits }) => syncWaits > 0);
    if (!isBlocked) {
      this.close();
      return;
    }
    this.cancelReport ??= this.clock.schedule(
      this.afterMs,
      () => this.emit({ threads: lane.roster.ready.length, picture: this.arbiter.inspect() }),
      true,
    );
  }

  close(): void {
    this.cancelReport?.();
    this.cancelReport = undefined;
  }
}
