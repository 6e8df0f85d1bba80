import { performance } from 'node:perf_hooks';

/**
 * Time and randomness come in by argument everywhere else, so that the whole engine can run under a seeded
 * simulator. This file and the entry points are the only places that read the machine's clock.
 */
export interface Clock {
  /** Monotonic time in milliseconds with a fraction, comparable across all threads of the process. */
  now(): number;
  /**
   * Calls `fn` once, `delayMs` from now, unless the returned function is called first. Keeps the process alive until
   * then, unless it is background work.
   */
  schedule(delayMs: number, fn: () => void, background?: boolean): () => void;
  /** Calls `fn` in a later turn of the event loop, after what waits there now. */
  defer(fn: () => void): void;
  /** Milliseconds since the epoch, for budgets by day. Default: the machine's. */
  wallNow?(): number;
}

/** A number in [0, 1), like `Math.random`. */
export type Random = () => number;

/**
 * `performance.now()` counts from the start of its own thread. Adding this offset puts the clocks of all threads
 * on the one monotonic axis that `process.hrtime` reads.
 */
function offsetToProcessAxisMs(): number {
  let offset = 0;
  let narrowestMs = Number.POSITIVE_INFINITY;
  // A thread may be interrupted between two readings; the pair that lies closest together is right.
  for (let i = 0; i < 16; i++) {
    const before = performance.now();
    const axisNs = process.hrtime.bigint();
    const widthMs = performance.now() - before;
    if (widthMs >= narrowestMs) continue;
    narrowestMs = widthMs;
    offset = Number(axisNs) / 1e6 - (before + widthMs / 2);
  }
  return offset;
}

const offsetMs = offsetToProcessAxisMs();

/** Reads the process-wide monotonic axis, in milliseconds. */
export function monotonicNowMs(): number {
  return performance.now() + offsetMs;
}

/** Milliseconds since the epoch; only for dates that others send. */
export function wallNowMs(): number {
  return Date.now();
}

export const systemClock: Clock = {
  now: monotonicNowMs,
  schedule(delayMs, fn, background = false) {
    const timer = setTimeout(fn, delayMs);
    if (background) timer.unref();
    return () => clearTimeout(timer);
  },
  defer(fn) {
    setImmediate(fn);
  },
};

export const systemRandom: Random = Math.random;
