/** Parts that a window is counted in. */
const PARTS = 240;
/** One part for what is counted now, one of which the oldest amount is a part too old for the window. */
const KEPT = PARTS + 2;
/** So that a time that was computed lies behind the edge that it stands for, in milliseconds. */
const BEHIND_MS = 0.001;

/** By what a window is longer for us than for the provider, as a share of it: at least one part, at most two. */
export const WINDOW_MARGIN = 2 / PARTS;

/**
 * How much was counted within the last window, for any window: not of clock minutes.
 *
 * Amounts are kept by parts of the window, so memory does not depend on the rate. An amount counts until the whole of
 * its part, and one part more, is older than the window: the count is never too low, and calls that reach the provider
 * a part (of a minute: 250 ms) later or earlier than others are still within the limit there.
 *
 * ```
 *   ├─ margin ─┼──────────────── window: 240 parts ────────────────┤
 *   │ part n-241 │ part n-240 │ part n-239 │ …        │ part n-1 │ part n │
 *                                                                    ▲ now
 * ```
 */
export class RateWindow {
  private readonly parts = new Float64Array(KEPT);
  private readonly partMs: number;
  private newest = 0;
  /** When the newest part ends, in milliseconds. */
  private endsAtMs: number;
  /** Counted, in no part yet. */
  private unstamped = 0;
  /** What counts now; up to date after `advance`. */
  used = 0;

  constructor(windowMs: number) {
    this.partMs = windowMs / PARTS;
    this.endsAtMs = this.partMs;
  }

  /** Lets go of what is too old. Time that goes back stands still. */
  advance(nowMs: number): void {
    if (nowMs >= this.endsAtMs) this.moveOn(nowMs);
  }

  private moveOn(nowMs: number): void {
    const part = Math.floor(nowMs / this.partMs);
    this.endsAtMs = (part + 1) * this.partMs;
    if (part - this.newest >= KEPT) {
      this.parts.fill(0);
      this.used = this.unstamped;
      this.newest = part;
    }
    while (this.newest < part) {
      const at = ++this.newest % KEPT;
      this.used -= this.parts[at]!;
      this.parts[at] = 0;
    }
  }

  /** Counts an amount now; gives the part that it counts in, for `takeBack`. */
  add(amount: number, nowMs: number): number {
    this.advance(nowMs);
    this.parts[this.newest % KEPT]! += amount;
    this.used += amount;
    return this.newest;
  }

  /**
   * Counts an amount without a look at the clock, until the next `stamp` says when that was: not before it came, so it is
   * never let go of too early. Gives a part that is no later, for `takeBack`.
   */
  addUnstamped(amount: number): number {
    this.unstamped += amount;
    this.used += amount;
    return this.newest;
  }

  /** Gives all that was added without a time the time that it is now. */
  stamp(nowMs: number): void {
    this.advance(nowMs);
    this.parts[this.newest % KEPT]! += this.unstamped;
    this.unstamped = 0;
  }

  /** An amount was counted too much, unless it is forgotten already. Where `part` is too early, it counts for longer. */
  takeBack(amount: number, part: number): void {
    if (this.newest - part >= KEPT) return;
    this.parts[part % KEPT]! -= amount;
    this.used -= amount;
  }

  /** When so much of what counts now will count no more, in milliseconds. */
  freeAtMs(amount: number): number {
    let sum = 0;
    for (let part = this.newest - KEPT + 1; part < this.newest; part++) {
      // Before the first parts there was nothing.
      if (part >= 0) sum += this.parts[part % KEPT]!;
      if (sum >= amount) return (part + KEPT) * this.partMs + BEHIND_MS;
    }
    return (this.newest + KEPT) * this.partMs + BEHIND_MS;
  }
}
