/** How much of the share may be saved up, in milliseconds of it. */
const BURST_MS = 2_000;

/** A share of the slots that the lowest class gets whatever higher ones ask for: a bucket of slot time. */
export class MinimumShare {
  private readonly share: number;
  private creditMs = 0;

  constructor(share: number) {
    this.share = share;
  }

  pass(elapsedMs: number, slots: number): void {
    const most = this.share * slots * BURST_MS;
    this.creditMs = Math.min(most, this.creditMs + this.share * slots * elapsedMs);
  }

  /** Whether a task that takes so long may come in on the share. */
  covers(workMs: number): boolean {
    return this.creditMs >= workMs;
  }

  /** Any task of the class that comes in takes its part of the share. */
  take(workMs: number): void {
    this.creditMs = Math.max(0, this.creditMs - workMs);
  }
}
