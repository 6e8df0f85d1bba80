import type { Result } from './measurement.ts';

/** Calm windows, one after the other, that make a recovery. A false rejection much later is none of its business. */
const CALM_WINDOWS = 10;

/**
 * Seconds from a moment, at which the load fell, to the first window that begins ten in which nothing was rejected
 * and nothing missed the objective without a service of its own that takes half of it. `Infinity` if there is none.
 * Windows are 1 s on the loop lane and 200 ms on the threads lane.
 */
export function recoveryS({ windows, windowS }: Result, fromS: number, toS: number): number {
  const from = Math.ceil(fromS / windowS - 1e-9);
  const to = Math.floor(toS / windowS + 1e-9);
  for (let start = from, at = from; at < to; at++) {
    if (windows[at]!.isDisturbed) start = at + 1;
    else if (at - start + 1 === CALM_WINDOWS) return (start - from) * windowS;
  }
  return Number.POSITIVE_INFINITY;
}

/** Length of the window that a cold start is judged by, in seconds. */
const START_WINDOW_S = 5;
/** Share of the later goodput that is good enough. */
const STARTED_AT = 0.9;

/**
 * Seconds from the start of a run until the goodput over the last five has reached 0.9 of that of the run's second
 * half. `Infinity` if it never does.
 */
export function coldStartS({ windows, windowS }: Result, durationS: number): number {
  const work = windows.slice(0, Math.floor(durationS / windowS)).map(({ goodWork }) => goodWork);
  const half = Math.floor(work.length / 2);
  const later = sum(work.slice(half)) / (work.length - half);
  const length = Math.round(START_WINDOW_S / windowS);
  for (let end = length; end <= work.length; end++) {
    if (sum(work.slice(end - length, end)) >= STARTED_AT * later * length) return end * windowS;
  }
  return Number.POSITIVE_INFINITY;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
