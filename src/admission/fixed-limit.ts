import type { Limit, PermitOutcome, Shed } from '../contract/limit.ts';

/** Weight of a new sample in the mean stay. */
const SMOOTHING = 1 / 64;
/** What to answer while nothing was measured, in milliseconds. */
const UNMEASURED_RETRY_MS = 100;
/** A client should come back when this share of the limit has left. */
const BREATHING_SHARE = 0.1;

/**
 * Sheds at a fixed load: `outstanding / capacity >= threshold`. Right for one capacity only, but predictable.
 *
 * The retry hint is Little's law: with `n` inside for a mean of `W` milliseconds, one leaves every `W / n`.
 */
export class FixedLimit implements Limit {
  private readonly capacity: number;
  private readonly threshold: number;
  private inside = 0;
  private meanStayMs = 0;

  constructor(options: { readonly capacity: number; readonly threshold: number }) {
    this.capacity = options.capacity;
    this.threshold = options.threshold;
  }

  acquire(_level: number): Shed | undefined {
    if (this.load() >= this.threshold) {
      return { reason: 'over-limit', load: this.load(), retryAfterMs: this.retryAfterMs() };
    }
    this.inside++;
    return undefined;
  }

  release(outcome: PermitOutcome, waitMs: number, serviceMs: number): void {
    this.inside--;
    if (outcome !== 'success') return;
    const stayMs = waitMs + serviceMs;
    this.meanStayMs += (stayMs - this.meanStayMs) * (this.meanStayMs === 0 ? 1 : SMOOTHING);
  }

  hasRoom(_level: number): boolean {
    return this.load() < this.threshold;
  }

  load(): number {
    return this.inside / this.capacity;
  }

  private retryAfterMs(): number {
    if (this.meanStayMs === 0) return UNMEASURED_RETRY_MS;
    const leaving = Math.max(1, BREATHING_SHARE * this.inside);
    return Math.max(1, (leaving * this.meanStayMs) / this.inside);
  }
}
