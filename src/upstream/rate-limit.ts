/** Whether a call is let in and, if not, when the next one has a chance. */
export type RateDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterMs: number };

/**
 * A token bucket: `burst` calls at once, `ratePerSecond` in the long run. Time is an argument, so that a test needs
 * no waiting.
 */
export class RateLimit {
  readonly #ratePerMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    this.#ratePerMs = ratePerSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  take(nowMs: number): RateDecision {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#ratePerMs);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return { allowed: false, retryAfterMs: (1 - this.#tokens) / this.#ratePerMs };
    this.#tokens -= 1;
    return { allowed: true };
  }
}
