import { ServiceWindow } from '../admission/service-window.ts';

/** A call is slow above so many times the p99. */
const FACTOR = 3;
/** No bound is below it, in milliseconds: a garbage collection takes as long. */
const LOWEST_MS = 10;
/** Samples between two looks at the p99; fewer say nothing about it. */
const LOOK_EVERY = 128;

/**
 * Above which time a call is slow: a bound that was given, or one that is learned from the calls that are not slow. So
 * it follows a slow change by itself, and a sudden one does not move it.
 */
export class SlowBound {
  /** `undefined` if the bound was given. */
  private samples: ServiceWindow | undefined;
  private fresh = 0;
  /** In milliseconds. `Infinity` while nothing is known. */
  boundMs: number;

  constructor(givenMs: number | undefined) {
    this.boundMs = givenMs ?? Number.POSITIVE_INFINITY;
    this.samples = givenMs === undefined ? new ServiceWindow() : undefined;
  }

  get isLearned(): boolean {
    return this.samples !== undefined;
  }

  /** Takes in the time of a call that succeeded; whether it was slow. */
  add(serviceMs: number): boolean {
    if (serviceMs > this.boundMs) return true;
    if (this.samples !== undefined) this.learn(this.samples, serviceMs);
    return false;
  }

  /** What was learned no longer holds. */
  forget(): void {
    if (this.samples === undefined) return;
    this.samples = new ServiceWindow();
    this.fresh = 0;
    this.boundMs = Number.POSITIVE_INFINITY;
  }

  private learn(samples: ServiceWindow, serviceMs: number): void {
    samples.record(serviceMs);
    if (++this.fresh < LOOK_EVERY) return;
    this.fresh = 0;
    this.boundMs = Math.max(LOWEST_MS, FACTOR * samples.quantile(0.99));
  }
}
