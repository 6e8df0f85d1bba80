/** Samples in one of the two halves. */
const HALF = 256;
/** Width of a bucket: 5 %. */
const LOG_STEP = Math.log(1.05);
const LOWEST_MS = 1e-4;
const LOG_LOWEST = Math.log(LOWEST_MS);
/** From 100 ns to about three hours. */
const BUCKETS = 520;

/**
 * Percentiles of the last 256 to 512 samples: two histograms that take turns; the older half is emptied when the newer
 * one is full. So what is measured follows a change, and old outliers do not stay for ever.
 */
export class ServiceWindow {
  private newer = new Uint16Array(BUCKETS);
  private older = new Uint16Array(BUCKETS);
  private inNewer = 0;
  private inOlder = 0;

  get count(): number {
    return this.inNewer + this.inOlder;
  }

  /** Takes the natural logarithm of a time in milliseconds, which the caller has at hand. */
  record(lnMs: number): void {
    if (this.inNewer === HALF) this.rotate();
    const index = Math.floor((lnMs - LOG_LOWEST) / LOG_STEP);
    // Anything that is no number counts as the shortest.
    const at = index >= BUCKETS ? BUCKETS - 1 : index > 0 ? index : 0;
    this.newer[at]!++;
    this.inNewer++;
  }

  /** The value below which the share `quantile` of the samples lies, in milliseconds; 0 if there are none. */
  quantile(quantile: number): number {
    const { count, newer, older } = this;
    if (count === 0) return 0;
    let left = quantile * count;
    let index = 0;
    for (; index < BUCKETS - 1; index++) {
      left -= newer[index]! + older[index]!;
      if (left <= 0) break;
    }
    return LOWEST_MS * Math.exp((index + 0.5) * LOG_STEP);
  }

  private rotate(): void {
    const emptied = this.older;
    emptied.fill(0);
    this.older = this.newer;
    this.inOlder = this.inNewer;
    this.newer = emptied;
    this.inNewer = 0;
  }
}
