import { type HeapItem, IndexedHeap } from '../../src/queue/indexed-heap.ts';
import type { VirtualClock } from './virtual-clock.ts';

class Call implements HeapItem {
  /** Amount of full-speed time at which it is done. */
  key: number;
  tie: number;
  heapIndex = -1;
  readonly done: () => void;

  constructor(key: number, tie: number, done: () => void) {
    this.key = key;
    this.tie = tie;
    this.done = done;
  }
}

/**
 * An upstream that serves at full speed up to `knee` concurrent calls; with n > knee, each progresses at
 * (knee / n)^exponent of it. `slowdown` divides the speed of all.
 */
export class UpstreamModel {
  private readonly clock: VirtualClock;
  private readonly calls = new IndexedHeap<Call>();
  private order = 0;
  /** Full-speed time that has passed for every call. */
  private progressMs = 0;
  private atMs = 0;
  private cancelTimer: () => void = () => {};
  private kneeNow: number;
  private slowdownNow = 1;
  private readonly exponent: number;

  constructor(clock: VirtualClock, knee: number, exponent = 1.2) {
    this.clock = clock;
    this.kneeNow = knee;
    this.exponent = exponent;
  }

  get running(): number {
    return this.calls.size;
  }

  /** Takes `workMs` at full speed. */
  call(workMs: number, done: () => void): void {
    this.progress();
    this.calls.push(new Call(this.progressMs + workMs, this.order++, done));
    this.next();
  }

  change(to: { readonly knee?: number; readonly slowdown?: number }): void {
    this.progress();
    this.kneeNow = to.knee ?? this.kneeNow;
    this.slowdownNow = to.slowdown ?? this.slowdownNow;
    this.next();
  }

  private get speed(): number {
    const n = this.calls.size;
    return Math.min(1, (this.kneeNow / Math.max(1, n)) ** this.exponent) / this.slowdownNow;
  }

  private progress(): void {
    const nowMs = this.clock.passedMs;
    this.progressMs += (nowMs - this.atMs) * this.speed;
    this.atMs = nowMs;
  }

  private next(): void {
    this.cancelTimer();
    const first = this.calls.peek();
    if (first === undefined) return;
    const delayMs = Math.max(0, (first.key - this.progressMs) / this.speed);
    this.cancelTimer = this.clock.schedule(delayMs, () => {
      this.progress();
      this.calls.remove(first);
      this.next();
      first.done();
    });
  }
}
