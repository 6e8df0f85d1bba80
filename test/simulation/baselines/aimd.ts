import type { Clock } from '../../../src/contract/clock.ts';
import type { WindowSample } from './sample-window.ts';
import { WindowedLimit, type WindowedOptions } from './windowed-limit.ts';

/** What is left of the limit after a window that was too slow. */
const BACKOFF = 0.9;

/**
 * Additive increase, multiplicative decrease, on the p99 of a window:
 *
 *   p99 > target          limit = 0.9 limit
 *   2 * inside >= limit   limit = limit + 1
 *
 * Source: Chiu and Jain (1989); the constants are those of AIMDLimit in Netflix concurrency-limits.
 */
export class AimdLimit extends WindowedLimit {
  private readonly targetMs: number;

  constructor(options: WindowedOptions & { readonly targetMs: number }, clock: Clock) {
    super(options, clock);
    this.targetMs = options.targetMs;
  }

  protected override next({ p99Ms, peak }: WindowSample): number {
    if (p99Ms > this.targetMs) return BACKOFF * this.limit;
    return 2 * peak >= this.limit ? this.limit + 1 : this.limit;
  }
}
