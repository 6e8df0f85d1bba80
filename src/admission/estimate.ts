import type { Flow } from './flow.ts';
import { CLASSES } from './priority-class.ts';

/** Completions that the means remember, at least. */
const MEMORY = 64;
/** How much busy time the means remember, if that is more completions, in milliseconds; at most the objective. */
const MEMORY_MS = 1_000;
/** Sojourns between two looks at the trim. */
const TRIM_EVERY = 500;
const TRIM = { min: 0.3, fall: 0.85, rise: 0.05 } as const;

/** What is measured of a station: how long a task takes a slot, what each class brings in, how well objectives are met. */
export class Estimate {
  /** Mean slot time a task, in milliseconds. */
  meanMs = 0;
  /** What a task costs a slot beside its service, in milliseconds: batches, a busy main thread, a stall. */
  overheadMs = 0;
  /** Share of the slots that each class's admitted work takes. */
  readonly load: number[] = new Array(CLASSES).fill(0);
  /** Over how long loads are averaged, in milliseconds. */
  tauMs = 1;
  /** Completions so far. */
  measured = 0;
  /** Those that means and loads know of. */
  counted = 0;
  /** What of the objective the prediction may use: less after objectives were missed. */
  trim = 1;
  private readonly admittedMs: number[] = new Array(CLASSES).fill(0);
  // Decayed sums, and what came since the last tick.
  private busyMs = 0;
  private servedMs = 0;
  private completions = 0;
  private newBusyMs = 0;
  private newServedMs = 0;
  private newCompletions = 0;
  private sojourns = 0;
  private misses = 0;

  busy(slotMs: number): void {
    this.newBusyMs += slotMs;
  }

  admit(cls: number, workMs: number): void {
    this.admittedMs[cls]! += workMs;
  }

  complete(flow: Flow, waitMs: number, serviceMs: number): void {
    this.newServedMs += serviceMs;
    this.newCompletions++;
    this.measured++;
    // One that is too slow by itself is nobody's fault here.
    if (waitMs + serviceMs > flow.sloMs && serviceMs <= flow.sloMs) this.misses++;
    if (++this.sojourns < TRIM_EVERY) return;
    const missed = this.misses > TRIM_EVERY / 100;
    this.trim = missed ? Math.max(TRIM.min, TRIM.fall * this.trim) : Math.min(1, this.trim + TRIM.rise);
    this.sojourns = 0;
    this.misses = 0;
  }

  /** Brings the means and loads up to date. */
  tick(elapsedMs: number, slots: number, running: number, longestSloMs: number): void {
    // In busy time, and not in completions: of short tasks hundreds complete between two ticks, and a moment in which the
    // machine does something else must not outweigh them all.
    const memoryMs = Math.max(
      Math.min(MEMORY_MS, longestSloMs),
      (Math.max(MEMORY, 2 * slots) * this.meanMs) / slots,
      1,
    );
    const keep = Math.exp(-this.newBusyMs / (slots * memoryMs));
    // The first tasks wait for code to be compiled and connections to be opened: those after them will not.
    const isWarm = this.completions > 0 && this.measured >= MEMORY;
    this.busyMs = keep * this.busyMs + this.newBusyMs;
    this.servedMs = keep * this.servedMs + this.newServedMs;
    this.completions = keep * this.completions + this.newCompletions;
    if (!isWarm && this.completions > 0) this.busyMs = Math.min(this.busyMs, this.servedMs);
    this.counted = this.measured;
    this.newBusyMs = 0;
    this.newServedMs = 0;
    this.newCompletions = 0;
    // Before anything has completed, those that run are as good as done.
    const done = Math.max(this.completions, Math.min(running, slots));
    this.meanMs = done > 0 ? this.busyMs / done : 0;
    this.overheadMs = done > 0 ? Math.max(0, this.busyMs - this.servedMs) / done : 0;
    this.tauMs = Math.max(longestSloMs, (MEMORY * this.meanMs) / slots, 1);
    const weight = 1 - Math.exp(-elapsedMs / this.tauMs);
    for (let q = 0; q < CLASSES; q++) {
      this.load[q]! += weight * (this.admittedMs[q]! / (elapsedMs * slots) - this.load[q]!);
      this.admittedMs[q] = 0;
    }
  }
}
