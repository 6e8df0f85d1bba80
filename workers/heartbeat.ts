import { monotonicNowMs } from '../src/contract/clock.ts';
import { HEARTBEAT_EVERY_MS } from '../src/contract/wire.ts';
import type { SlotWriter } from '../src/load-table/writer.ts';

/**
 * Shows, while a handler is awaited, that the event loop turns: so a handler that waits is told from one that blocks its
 * thread. A timer for the thread, and none at all as long as handlers return without waiting.
 */
export class Heartbeat {
  private readonly writer: SlotWriter;
  /** Whether a handler is being awaited; asked at each beat, so that nobody has to stop the timer. */
  private readonly isAwaiting: () => boolean;
  private timer: NodeJS.Timeout | undefined = undefined;

  constructor(writer: SlotWriter, isAwaiting: () => boolean) {
    this.writer = writer;
    this.isAwaiting = isAwaiting;
  }

  /** A handler gave the thread back before it was done. */
  start(): void {
    this.writer.beat(monotonicNowMs());
    if (this.timer !== undefined) return;
    this.timer = setInterval(this.beat, HEARTBEAT_EVERY_MS);
    this.timer.unref();
  }

  private readonly beat = (): void => {
    this.writer.beat(monotonicNowMs());
    if (this.isAwaiting()) return;
    clearInterval(this.timer);
    this.timer = undefined;
  };
}
