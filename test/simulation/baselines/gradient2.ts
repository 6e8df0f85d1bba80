import type { WindowSample } from './sample-window.ts';
import { WindowedLimit } from './windowed-limit.ts';

/** Windows that the long-term latency remembers. */
const LONG = 600;
/** Windows of which the long-term latency is a plain mean, at first. */
const WARM_UP = 10;
/** Growth of latency that is put up with. */
const TOLERANCE = 1.5;
const QUEUE = 4;
const SMOOTHING = 0.2;

/**
 * Compares the latency of a window with a long-term mean of it:
 *
 *   gradient = max(0.5, min(1, 1.5 * long / short))
 *   limit    = 0.8 limit + 0.2 (gradient * limit + 4)
 *
 * Where the long-term mean is over twice the short one, it falls by 5 % a window. Nothing changes while less than half
 * of the limit is used.
 *
 * Source: Gradient2Limit in Netflix concurrency-limits.
 */
export class Gradient2Limit extends WindowedLimit {
  private longMs = 0;
  private windows = 0;

  protected override next({ meanMs, peak }: WindowSample): number {
    this.windows++;
    const weight = this.windows <= WARM_UP ? 1 / this.windows : 2 / (LONG + 1);
    this.longMs += weight * (meanMs - this.longMs);
    if (this.longMs > 2 * meanMs) this.longMs *= 0.95;
    if (2 * peak < this.limit) return this.limit;
    const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * this.longMs) / meanMs));
    return (1 - SMOOTHING) * this.limit + SMOOTHING * (gradient * this.limit + QUEUE);
  }
}
