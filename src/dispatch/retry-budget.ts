import { DEFAULTS } from '../contract/options.ts';
import type { RetryBudgetOptions } from '../contract/retry.ts';

/** Sums of shares are rounded. */
const ROUNDING = 1e-9;

/**
 * Bounds what retries add to the load: a bucket of tokens, one for each retry, that the traffic fills.
 *
 * ```
 *  filled by  share * first attempts + minimum * elapsed / window
 *  holds      share * first attempts of about the last window + minimum, at most
 * ```
 *
 * so that a long quiet time saves nothing up for a storm. First attempts are counted by whoever counts them anyway;
 * nothing is done before a retry is asked for, and then it is O(1). After the retry budgets of Finagle, which keep a
 * window of counts where this keeps an exponential mean of them.
 */
export class RetryBudget {
  private readonly share: number;
  private readonly windowMs: number;
  private readonly minimum: number;
  private tokens: number;
  /** First attempts of about the last window. */
  private recent = 0;
  private atMs: number;
  private counted: number;
  made = 0;
  denied = 0;

  /** @param firsts first attempts since the start, now */
  constructor(options: RetryBudgetOptions | undefined, nowMs: number, firsts: number) {
    this.share = options?.share ?? DEFAULTS.retryBudget.share;
    this.windowMs = options?.windowMs ?? DEFAULTS.retryBudget.windowMs;
    this.minimum = options?.minimum ?? DEFAULTS.retryBudget.minimum;
    this.tokens = this.minimum;
    this.atMs = nowMs;
    this.counted = firsts;
  }

  /** Takes one retry out of the budget; false if there is none left. */
  spend(nowMs: number, firsts: number): boolean {
    // A clock that was set back brings nothing.
    this.fill(Math.max(0, nowMs - this.atMs) / this.windowMs, firsts - this.counted);
    this.atMs = nowMs;
    this.counted = firsts;
    if (this.tokens < 1 - ROUNDING) {
      this.denied++;
      return false;
    }
    this.tokens--;
    this.made++;
    return true;
  }

  private fill(windows: number, arrivals: number): void {
    // As if they had come evenly; within no time the mean is their number alone.
    this.recent =
      windows === 0
        ? this.recent + arrivals
        : this.recent * Math.exp(-windows) + (arrivals / windows) * -Math.expm1(-windows);
    const most = this.share * this.recent + this.minimum;
    this.tokens = Math.min(most, this.tokens + this.share * arrivals + this.minimum * windows);
  }
}
