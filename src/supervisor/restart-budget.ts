/** How many deaths are tolerated within a window. */
export interface RestartBudgetOptions {
  readonly max: number;
  readonly windowMs: number;
}

/** Counts the thread deaths that one agent caused, within a sliding window. Bounded by `max` entries. */
export class RestartBudget {
  private readonly options: RestartBudgetOptions;
  private readonly deathsAtMs: number[] = [];

  constructor(options: RestartBudgetOptions) {
    this.options = options;
  }

  /** Enters a death; false if it was one too many. */
  spend(nowMs: number): boolean {
    const { max, windowMs } = this.options;
    while (this.deathsAtMs.length > 0 && this.deathsAtMs[0]! <= nowMs - windowMs) this.deathsAtMs.shift();
    this.deathsAtMs.push(nowMs);
    if (this.deathsAtMs.length <= max) return true;
    this.deathsAtMs.length = 0;
    return false;
  }
}
