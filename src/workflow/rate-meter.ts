/** How far back a rate looks, in milliseconds. */
const WINDOW_MS = 5_000;
const BUCKETS = 10;
const BUCKET_MS = WINDOW_MS / BUCKETS;

/** Counts what ends, and says how much of it a second there was lately. */
export class RateMeter {
  readonly #counts = new Float64Array(BUCKETS);
  /** Number of the newest bucket since the epoch. */
  #newest = 0;
  #firstAtMs: number | undefined;

  add(atMs: number, count: number): void {
    this.#firstAtMs ??= atMs;
    this.#advance(atMs);
    this.#counts[this.#newest % BUCKETS]! += count;
  }

  /** @param sinceMs when the work began: nothing can have ended before */
  perSecond(nowMs: number, sinceMs: number): number {
    if (this.#firstAtMs === undefined) return 0;
    this.#advance(nowMs);
    let sum = 0;
    for (const count of this.#counts) sum += count;
    // The newest bucket is not over: the window ends in the middle of it.
    const spanMs = Math.min(nowMs - sinceMs, WINDOW_MS - BUCKET_MS + (nowMs % BUCKET_MS));
    return spanMs > 0 ? (sum * 1_000) / spanMs : 0;
  }

  #advance(atMs: number): void {
    const bucket = Math.floor(atMs / BUCKET_MS);
    if (bucket <= this.#newest) return;
    if (bucket - this.#newest >= BUCKETS) this.#counts.fill(0);
    else for (let at = this.#newest + 1; at <= bucket; at++) this.#counts[at % BUCKETS] = 0;
    this.#newest = bucket;
  }
}
