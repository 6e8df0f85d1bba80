import { PRIORITIES } from './workload.ts';

/** A stretch of a run: what was offered in it, and what became of that. */
export interface Window {
  offered: number;
  admitted: number;
  /** Turned away at the door or, later, from the queue. */
  rejected: number;
  /** Completed within the objective. */
  good: number;
  /** Whether a task was rejected, or missed the objective though its service alone would have taken half of it. */
  isDisturbed: boolean;
  /** Full-speed work of the tasks that completed in this window and within the objective; see `goodput`. */
  goodWork: number;
  /** What the policy took the concurrency to be, at the end. */
  concurrency: number;
}

export interface Result {
  /**
   * Tasks that completed between `fromS` and `toS`, and within the objective, over what could have been served in that
   * time at full speed. Each task counts as much as its agent's tasks take on average, whatever it took itself: a
   * policy gains nothing by serving the short ones.
   */
  readonly goodput: number;
  /**
   * p99 of the time from submit to completion of the tasks offered between `fromS` and `toS`, over the objective.
   * Tasks that were admitted and have not ended count with their age at the end of the run.
   */
  readonly p99: number;
  /** Share of the tasks offered, by class (high, normal, low), that completed within the objective. */
  readonly good: readonly number[];
  /** Share of the tasks offered that were rejected. False rejections are this, at a load under 1. */
  readonly rejected: number;
  readonly windows: readonly Window[];
  readonly windowS: number;
}

export interface MeasurementOptions {
  readonly sloMs: number;
  readonly fromS: number;
  readonly toS: number;
  readonly durationS: number;
  readonly windowS: number;
}

/** One sending of a request, as the measurement follows it. */
export interface Attempt {
  readonly atMs: number;
  readonly cls: number;
  /** Mean service time of its agent, over that of the lane. */
  readonly factor: number;
  /** Service time at full speed. */
  readonly workMs: number;
}

/** Follows every attempt from its offer to its end. */
export class Measurement {
  readonly windows: Window[];
  private readonly options: MeasurementOptions;
  private readonly windowMs: number;
  private readonly open = new Set<Attempt>();
  private readonly sojournsMs: number[] = [];
  private readonly offeredBy: number[] = PRIORITIES.map(() => 0);
  private readonly goodBy: number[] = PRIORITIES.map(() => 0);
  private rejectedTotal = 0;

  constructor(options: MeasurementOptions) {
    this.options = options;
    this.windowMs = 1_000 * options.windowS;
    this.windows = Array.from({ length: this.indexOf(1_000 * options.durationS) + 1 }, () => ({
      offered: 0,
      admitted: 0,
      rejected: 0,
      good: 0,
      isDisturbed: false,
      goodWork: 0,
      concurrency: 0,
    }));
  }

  offered(attempt: Attempt): void {
    this.windowAt(attempt.atMs).offered++;
    if (this.counts(attempt)) this.offeredBy[attempt.cls]!++;
  }

  admitted(attempt: Attempt): void {
    this.windowAt(attempt.atMs).admitted++;
    this.open.add(attempt);
  }

  /** At the door, or from the queue. */
  rejected(attempt: Attempt): void {
    this.open.delete(attempt);
    const window = this.windowAt(attempt.atMs);
    window.rejected++;
    window.isDisturbed = true;
    if (this.counts(attempt)) this.rejectedTotal++;
  }

  completed(attempt: Attempt, nowMs: number): void {
    const { sloMs } = this.options;
    this.open.delete(attempt);
    const sojournMs = nowMs - attempt.atMs;
    const counts = this.counts(attempt);
    if (counts) this.sojournsMs.push(sojournMs);
    const window = this.windowAt(attempt.atMs);
    if (sojournMs > sloMs) {
      if (attempt.workMs < sloMs / 2) window.isDisturbed = true;
      return;
    }
    window.good++;
    if (counts) this.goodBy[attempt.cls]!++;
    this.windowAt(nowMs).goodWork += attempt.factor;
  }

  /** `capacity` is how many tasks of the lane's mean could have been served at full speed between `fromS` and `toS`. */
  result(capacity: number, endMs: number): Result {
    const { sloMs, fromS, toS, windowS } = this.options;
    for (const attempt of this.open) {
      const ageMs = endMs - attempt.atMs;
      if (ageMs <= sloMs) continue;
      if (attempt.workMs < sloMs / 2) this.windowAt(attempt.atMs).isDisturbed = true;
      if (this.counts(attempt)) this.sojournsMs.push(ageMs);
    }
    let work = 0;
    const to = this.indexOf(1_000 * toS);
    for (let i = this.indexOf(1_000 * fromS); i < to; i++) work += this.windows[i]!.goodWork;
    const sojournsMs = Float64Array.from(this.sojournsMs).sort();
    const offered = this.offeredBy.reduce((a, b) => a + b, 0);
    return {
      goodput: work / capacity,
      p99: (sojournsMs[Math.ceil(0.99 * sojournsMs.length) - 1] ?? 0) / sloMs,
      good: this.goodBy.map((good, cls) => good / Math.max(1, this.offeredBy[cls]!)),
      rejected: this.rejectedTotal / Math.max(1, offered),
      windows: this.windows,
      windowS,
    };
  }

  private counts({ atMs }: Attempt): boolean {
    return atMs >= 1_000 * this.options.fromS && atMs < 1_000 * this.options.toS;
  }

  private windowAt(atMs: number): Window {
    return this.windows[this.indexOf(atMs)]!;
  }

  private indexOf(atMs: number): number {
    // A moment on the border, in binary fractions, belongs to the window that it starts.
    return Math.floor(atMs / this.windowMs + 1e-9);
  }
}
