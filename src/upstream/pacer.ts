/** Resolves after `delayMs`; rejects with an `AbortError` when `signal` aborts. */
export type Sleep = (delayMs: number, signal?: AbortSignal) => Promise<void>;

export interface PacerOptions {
  readonly now: () => number;
  readonly sleep: Sleep;
  /** The slowdown as of now, 1 or more; read again for every slice of work. */
  readonly slowdown: () => number;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

/** Work is spent in slices of this many milliseconds, so that a call speeds up again when others end. */
export const SLICE_MS = 25;

/**
 * Lets time pass for one call. It sleeps towards a due time, not for a duration, so that the imprecision of timers
 * does not add up over the slices.
 */
export class Pacer {
  readonly #options: PacerOptions;
  #dueMs: number;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#dueMs = options.now();
  }

  /** Resolves when `workMs` of full-speed work is done. Rejects when the signal aborts. */
  async spend(workMs: number): Promise<void> {
    const { now, sleep, slowdown, signal } = this.#options;
    for (let leftMs = workMs; leftMs > 0; leftMs -= SLICE_MS) {
      this.#dueMs += Math.min(leftMs, SLICE_MS) * slowdown();
      const waitMs = this.#dueMs - now();
      if (waitMs > 0) await sleep(waitMs, signal);
    }
    signal.throwIfAborted();
  }
}
