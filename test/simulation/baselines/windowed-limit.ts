import type { Clock } from '../../../src/contract/clock.ts';
import type { Limit, PermitOutcome, Shed } from '../../../src/contract/limit.ts';
import { SampleWindow, type WindowSample } from './sample-window.ts';

export interface WindowedOptions {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  /** Least length of a window, in milliseconds. */
  readonly windowMs: number;
  /** Least number of samples in a window. */
  readonly samples: number;
}

/** A bound on how many are inside, waiting ones too, that is steered once a window by the latencies that came back. */
export abstract class WindowedLimit implements Limit {
  limit: number;
  private readonly min: number;
  private readonly max: number;
  private readonly window: SampleWindow;
  private inside = 0;

  constructor(options: WindowedOptions, clock: Clock) {
    this.limit = options.initial;
    this.min = options.min;
    this.max = options.max;
    this.window = new SampleWindow(clock, options.windowMs, options.samples);
  }

  /** The limit after a window. */
  protected abstract next(sample: WindowSample): number;

  acquire(level: number): Shed | undefined {
    if (!this.hasRoom(level)) return { reason: 'over-limit', load: this.load(), retryAfterMs: 1 };
    this.inside++;
    return undefined;
  }

  release(outcome: PermitOutcome, waitMs: number, serviceMs: number): void {
    const sample = outcome === 'ignored' ? undefined : this.window.add(waitMs + serviceMs, this.inside);
    this.inside--;
    if (sample !== undefined) this.limit = Math.min(this.max, Math.max(this.min, this.next(sample)));
  }

  hasRoom(_level: number): boolean {
    return this.inside < Math.floor(this.limit);
  }

  load(): number {
    return Math.min(1, this.inside / this.limit);
  }
}
