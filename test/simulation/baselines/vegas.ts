import type { WindowSample } from './sample-window.ts';
import { WindowedLimit } from './windowed-limit.ts';

/** Windows after which the best latency is measured anew, times the limit. */
const PROBE_EVERY = 30;

/**
 * Guesses the queue from the best latency ever seen, and keeps it short but not empty:
 *
 *   queue = limit (1 - best / latency)
 *   queue <= log10(limit)     limit += 6 log10(limit)
 *   queue <  3 log10(limit)   limit += log10(limit)
 *   queue >  6 log10(limit)   limit -= log10(limit)
 *
 * Source: TCP Vegas, Brakmo and Peterson (1995); the constants are those of VegasLimit in Netflix concurrency-limits.
 * Latencies are means of a window: with single ones, of which the shortest is the best, it never leaves its minimum.
 */
export class VegasLimit extends WindowedLimit {
  private bestMs = Number.POSITIVE_INFINITY;
  private windows = 0;

  protected override next({ meanMs, peak }: WindowSample): number {
    const { limit } = this;
    if (++this.windows > PROBE_EVERY * limit) {
      this.windows = 0;
      this.bestMs = meanMs;
      return limit;
    }
    this.bestMs = Math.min(this.bestMs, meanMs);
    if (2 * peak < limit) return limit;
    const queue = Math.ceil(limit * (1 - this.bestMs / meanMs));
    const step = Math.max(1, Math.log10(limit));
    if (queue <= step) return limit + 6 * step;
    if (queue < 3 * step) return limit + step;
    return queue > 6 * step ? limit - step : limit;
  }
}
