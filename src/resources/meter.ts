import type { Allowance } from '../contract/rate-limit.ts';
import { RateWindow, WINDOW_MARGIN } from './rate-window.ts';

/** Share of a window's amount that may start at once after a quiet time: 3 seconds' worth of a minute. */
const BURST = 1 / 20;
/** The same at the very start, when nothing is known of what others have used. */
const FIRST_BURST = 1 / 60;
const MINUTE_MS = 60_000;
/** What is lost where amounts are fractions. */
const ROUNDING = 1e-6;

/**
 * One rate of a resource: how much may be counted within any window, and how fast. The window is the bound; the pace
 * spreads what is within it, as a leaky bucket (GCRA, ITU-T I.371) does: each amount puts off the next by the time in
 * which the rate makes up for it.
 */
export class Meter {
  private readonly windowMs: number;
  private readonly window: RateWindow;
  /** What is never exceeded, whatever a provider says. */
  private readonly configured: number;
  /** Most within a window: ours, or what the provider says if that is less. */
  limit: number;
  private msPerUnit: number;
  /** When the pace has made up for all that was counted; before `now`, and it is lost. */
  private evenAtMs: number;
  /** What others have used of the same limit, as the provider says; and until when that counts. */
  private foreign = 0;
  private foreignUntilMs = Number.NEGATIVE_INFINITY;

  /** @param limit most within a window; `Infinity` for a rate that only the provider knows */
  constructor(limit: number, windowMs: number, nowMs: number) {
    this.configured = limit;
    this.limit = limit;
    this.windowMs = windowMs;
    this.msPerUnit = msPerUnit(windowMs, limit);
    this.window = new RateWindow(windowMs);
    this.window.advance(nowMs);
    this.evenAtMs = nowMs + (BURST - FIRST_BURST) * windowMs;
  }

  /** Counted by us within the window. */
  used(nowMs: number): number {
    this.window.advance(nowMs);
    return this.window.used;
  }

  /** When there is room for so much, in milliseconds; not after `nowMs` if there is now. */
  roomAtMs(amount: number, nowMs: number): number {
    this.window.advance(nowMs);
    // A provider that allows less than one call needs gets that call when nothing else counts.
    const wanted = Math.min(amount, this.limit);
    const free = this.limit - this.window.used + ROUNDING;
    const foreign = nowMs < this.foreignUntilMs ? this.foreign : 0;
    const paceMs = this.evenAtMs - BURST * this.windowMs;
    if (wanted <= free - foreign) return paceMs;
    const withoutMs = wanted <= free ? nowMs : this.window.freeAtMs(wanted - free);
    if (foreign === 0) return Math.max(paceMs, withoutMs);
    const besideMs = this.window.freeAtMs(wanted - free + foreign);
    const isEnough = wanted + foreign <= this.limit;
    const foreignMs = Math.max(withoutMs, this.foreignUntilMs);
    return Math.max(paceMs, isEnough ? Math.min(besideMs, foreignMs) : foreignMs);
  }

  /** Counts something that starts now; `stamp` has to follow. @param nowMs now, or a little before */
  count(amount: number, nowMs: number): number {
    const paidMs = amount * this.msPerUnit;
    this.evenAtMs = (this.evenAtMs > nowMs ? this.evenAtMs : nowMs) + paidMs;
    return this.window.addUnstamped(amount);
  }

  /** What was counted until now has started. */
  stamp(nowMs: number): void {
    this.window.stamp(nowMs);
  }

  /** What is left of the limit; up to date right after something was counted. */
  get left(): number {
    return this.limit - this.window.used;
  }

  /** Less was used than was counted. @param part what `count` gave */
  giveBack(amount: number, part: number): void {
    this.window.takeBack(amount, part);
    this.evenAtMs -= amount * this.msPerUnit;
  }

  /**
   * Takes in what the provider says. Its limit lowers ours, and never raises it above what is configured. What it has
   * left is less than we had left when the call started if others use the same limit: that much counts until the
   * provider's limit is whole again.
   * @param left what was left right after the call started that was answered; `NaN` if nobody knows
   */
  learn({ limit, remaining, resetMs }: Allowance, left: number, nowMs: number): void {
    if (limit !== undefined && limit > 0) {
      this.limit = Math.min(this.configured, (limit * this.windowMs) / MINUTE_MS);
      this.msPerUnit = msPerUnit(this.windowMs, this.limit);
    }
    if (remaining === undefined || Number.isNaN(left)) return;
    this.foreign = Math.max(0, Math.min(left, this.limit) - remaining);
    this.foreignUntilMs = nowMs + Math.min(resetMs ?? MINUTE_MS, MINUTE_MS);
  }
}

/** By what one unit puts off the next. */
function msPerUnit(windowMs: number, limit: number): number {
  return ((1 + WINDOW_MARGIN) * windowMs) / limit;
}
