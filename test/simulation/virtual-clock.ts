import type { Clock } from '../../src/contract/clock.ts';
import { type HeapItem, IndexedHeap } from '../../src/queue/indexed-heap.ts';

class Timer implements HeapItem {
  key: number;
  tie: number;
  heapIndex = -1;
  readonly fn: () => void;

  constructor(atMs: number, order: number, fn: () => void) {
    this.key = atMs;
    this.tie = order;
    this.fn = fn;
  }
}

/** Microtasks that one event may lead to, one after the other, before all is quiet. */
const SETTLE_TURNS = 8;

/** A clock whose time passes as fast as the events of a simulation are worked off. */
export class VirtualClock implements Clock {
  private order = 0;
  private jumpedMs = 0;
  private readonly timers = new IndexedHeap<Timer>();
  /** Time that has really passed. The models of threads and upstreams go by it, whatever the clock shows. */
  passedMs = 0;

  /** What the clock shows. */
  now(): number {
    return this.passedMs + this.jumpedMs;
  }

  /** Sets the clock forward, or back. No timer ends earlier or later for it. */
  jump(byMs: number): void {
    this.jumpedMs += byMs;
  }

  schedule(delayMs: number, fn: () => void): () => void {
    const timer = new Timer(this.passedMs + Math.max(0, delayMs), this.order++, fn);
    this.timers.push(timer);
    return () => {
      if (timer.heapIndex >= 0) this.timers.remove(timer);
    };
  }

  defer(fn: () => void): void {
    this.schedule(0, fn);
  }

  /** When the next event is due, by `passedMs`; `undefined` if there is none. */
  get nextAtMs(): number | undefined {
    return this.timers.peek()?.key;
  }

  /** Works off all events until `passedMs` is this. After each one the promises that it settled are followed. */
  async runUntil(untilMs: number): Promise<void> {
    for (
      let timer = this.timers.peek();
      timer !== undefined && timer.key <= untilMs;
      timer = this.timers.peek()
    ) {
      this.timers.remove(timer);
      this.passedMs = timer.key;
      timer.fn();
      for (let i = 0; i < SETTLE_TURNS; i++) await undefined;
    }
    this.passedMs = untilMs;
  }
}
