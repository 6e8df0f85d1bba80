import type { Clock } from '../contract/clock.ts';
import { type HeapItem, IndexedHeap } from './indexed-heap.ts';

/** Something that is due at a time. */
export class DueItem<T> implements HeapItem {
  readonly subject: T;
  readonly key: number;
  readonly tie: number;
  heapIndex = -1;

  constructor(subject: T, atMs: number, order: number) {
    this.subject = subject;
    this.key = atMs;
    this.tie = order;
  }
}

/** A reading of the clock may be this much before the time that a timer was set for, in milliseconds: sums are rounded. */
const ROUNDING_MS = 0.01;
/** A timer waits no longer than this, in milliseconds. Then it looks again. */
const LONGEST_MS = 2_147_483_647;

/** Things that fall due one by one, with one timer for all. Adding and removing are O(log n). */
export class DueLine<T> {
  private readonly clock: Clock;
  private readonly onDue: (subject: T) => void;
  private readonly heap = new IndexedHeap<DueItem<T>>();
  private order = 0;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private cancelTimer: (() => void) | undefined = undefined;

  constructor(clock: Clock, onDue: (subject: T) => void) {
    this.clock = clock;
    this.onDue = onDue;
  }

  get size(): number {
    return this.heap.size;
  }

  /** What is due first. */
  peek(): T | undefined {
    return this.heap.peek()?.subject;
  }

  add(subject: T, atMs: number, nowMs: number): DueItem<T> {
    const item = new DueItem(subject, atMs, ++this.order);
    this.heap.push(item);
    if (atMs < this.timerAtMs) this.arm(atMs, nowMs);
    return item;
  }

  /** Takes it back; does nothing if it has fallen due. */
  remove(item: DueItem<T>): void {
    if (item.heapIndex < 0) return;
    this.heap.remove(item);
    // A timer for what is no longer there may fire in vain, but must not keep the process alive.
    if (this.heap.size === 0) this.disarm();
  }

  private arm(atMs: number, nowMs: number): void {
    this.disarm();
    this.timerAtMs = atMs;
    const delayMs = Math.min(LONGEST_MS, Math.max(0, atMs - nowMs));
    this.cancelTimer = this.clock.schedule(delayMs, () => this.fire());
  }

  private disarm(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerAtMs = Number.POSITIVE_INFINITY;
  }

  private fire(): void {
    this.disarm();
    const nowMs = this.clock.now();
    for (let item = this.heap.peek(); item !== undefined; item = this.heap.peek()) {
      if (item.key > nowMs + ROUNDING_MS) break;
      this.heap.remove(item);
      this.onDue(item.subject);
    }
    const next = this.heap.peek();
    if (next !== undefined && next.key < this.timerAtMs) this.arm(next.key, nowMs);
  }
}
