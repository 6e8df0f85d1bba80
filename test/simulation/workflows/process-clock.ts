import type { Clock } from '../../../src/contract/clock.ts';
import type { VirtualClock } from '../virtual-clock.ts';

/** The clock of one process that may be killed: what it had planned then never happens. */
export class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  /** By what ends it, when each timer comes due. */
  readonly #timers = new Map<() => void, number>();
  #isAlive = true;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Timers that have not come due. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Of these, those that are not due now. */
  get pendingLater(): number {
    return [...this.#timers.values()].filter((dueAtMs) => dueAtMs > this.#clock.passedMs).length;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  now(): number {
    return this.#clock.now();
  }

  schedule(delayMs: number, fn: () => void): () => void {
    if (!this.#isAlive) return () => undefined;
    const stopTimer = this.#clock.schedule(delayMs, () => {
      this.#timers.delete(stop);
      fn();
    });
    const stop = (): void => {
      this.#timers.delete(stop);
      stopTimer();
    };
    this.#timers.set(stop, this.#clock.passedMs + Math.max(0, delayMs));
    return stop;
  }

  defer(fn: () => void): void {
    this.schedule(0, fn);
  }

  /** Resolves in so many milliseconds; never, if the process is killed before. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.schedule(ms, resolve));
  }

  kill(): void {
    this.#isAlive = false;
    for (const stop of this.#timers.keys()) stop();
  }
}
