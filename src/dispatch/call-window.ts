/** Parts that the window moves on by. */
const BUCKETS = 10;
/** Cells of a bucket. */
const CALLS = 0;
const FAILED = 1;
const SLOW = 2;
const CELLS = 3;

/** Counts of the calls that ended within the last `windowMs`, to a tenth of it. A ring of buckets, and their sums. */
export class CallWindow {
  private readonly bucketMs: number;
  private readonly cells = new Int32Array(BUCKETS * CELLS);
  private at = 0;
  private bucketEndsAtMs: number;
  calls = 0;
  failed = 0;
  slow = 0;

  constructor(windowMs: number, nowMs: number) {
    this.bucketMs = windowMs / BUCKETS;
    this.bucketEndsAtMs = nowMs + this.bucketMs;
  }

  add(isFailed: boolean, isSlow: boolean, nowMs: number): void {
    if (nowMs >= this.bucketEndsAtMs) this.moveOn(nowMs);
    const { cells, at } = this;
    cells[at + CALLS]!++;
    this.calls++;
    if (isFailed) {
      cells[at + FAILED]!++;
      this.failed++;
    }
    if (isSlow) {
      cells[at + SLOW]!++;
      this.slow++;
    }
  }

  /** Forgets what is older than the window. */
  moveOn(nowMs: number): void {
    const { cells, bucketMs } = this;
    for (let turns = 0; turns < BUCKETS && nowMs >= this.bucketEndsAtMs; turns++) {
      this.at = (this.at + CELLS) % cells.length;
      this.calls -= cells[this.at + CALLS]!;
      this.failed -= cells[this.at + FAILED]!;
      this.slow -= cells[this.at + SLOW]!;
      cells.fill(0, this.at, this.at + CELLS);
      this.bucketEndsAtMs += bucketMs;
    }
    // After a long pause all of it is empty.
    if (nowMs >= this.bucketEndsAtMs) this.bucketEndsAtMs = nowMs + bucketMs;
  }
}
