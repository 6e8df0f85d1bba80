/** Deaths after which the delay begins; fewer may be chance, and nobody should wait for a thread because of chance. */
const FREE_DEATHS = 3;

/** What bounds the delay of new threads, in milliseconds. */
export interface BackoffBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * How long a new thread waits before it takes work: nothing as a rule, but where threads die one after the other without
 * having completed anything, twice as long each time. A loop of crashes then costs a core next to nothing.
 */
export class RestartBackoff {
  private readonly bounds: BackoffBounds;
  /** Threads that died in a row without having completed a task. */
  private fruitless = 0;

  constructor(bounds: BackoffBounds) {
    this.bounds = bounds;
  }

  /** A thread died by itself. */
  died(completed: number): void {
    this.fruitless = completed > 0 ? 0 : this.fruitless + 1;
  }

  get delayMs(): number {
    const { minMs, maxMs } = this.bounds;
    if (this.fruitless <= FREE_DEATHS) return 0;
    return Math.min(maxMs, minMs * 2 ** (this.fruitless - FREE_DEATHS - 1));
  }
}
