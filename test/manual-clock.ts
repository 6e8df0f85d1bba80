import type { Clock } from '../src/contract/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until a test moves it. What is deferred runs when the test says so, too. */
export class ManualClock implements Clock {
  private nowMs: number;
  private order = 0;
  private readonly timers = new Set<Timer>();
  private deferred: (() => void)[] = [];

  constructor(nowMs = 1_000) {
    this.nowMs = nowMs;
  }

  /** How many timers are armed. */
  get pending(): number {
    return this.timers.size;
  }

  now(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, fn: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, order: this.order++, fn };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  defer(fn: () => void): void {
    this.deferred.push(fn);
  }

  /** Moves time on, calling every timer on the way at its own moment. */
  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (let timer = this.next(untilMs); timer !== undefined; timer = this.next(untilMs)) {
      this.timers.delete(timer);
      this.nowMs = Math.max(this.nowMs, timer.atMs);
      timer.fn();
    }
    this.nowMs = untilMs;
  }

  /** Runs what was deferred. */
  turn(): void {
    const due = this.deferred;
    this.deferred = [];
    for (const fn of due) fn();
  }

  private next(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.atMs > untilMs) continue;
      if (
        first === undefined ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order)
      )
        first = timer;
    }
    return first;
  }
}
