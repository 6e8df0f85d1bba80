import type { Clock } from '../../../src/contract/clock.ts';
import type { Limit, PermitOutcome, Shed } from '../../../src/contract/limit.ts';
import { PriorityDrop } from './priority-drop.ts';

export interface PidOptions {
  /** Wait to hold, in milliseconds. */
  readonly setpointMs: number;
  /** Time between two steps, in milliseconds. */
  readonly periodMs: number;
  readonly gains: { readonly p: number; readonly i: number; readonly d: number };
}

/** Most that is shed. */
const MOST = 0.98;
/** Most that an error counts for: one long wait shall not shut the door. */
const MOST_ERROR = 4;

/**
 * A PID controller that holds the mean wait at a setpoint by the share of arrivals that it sheds, of the lowest
 * priorities first. In velocity form, so that nothing winds up while the share is at a bound:
 *
 *   e(k)    = (wait(k) - setpoint) / setpoint
 *   share  += P (e(k) - e(k-1)) + I e(k) + D (e(k) - 2 e(k-1) + e(k-2)),   times what is still admitted
 *
 * Source: the textbook controller (Åström and Hägglund), as Uber's load shedder Cinnamon has it for the share to shed by
 * priority. The factor makes a step of the share worth the same at 1.2 and at 10 times the capacity.
 */
export class PidLimit implements Limit {
  private readonly clock: Clock;
  private readonly options: PidOptions;
  private readonly drop = new PriorityDrop();
  private sumMs = 0;
  private count = 0;
  private error = 0;
  private errorBefore = 0;
  private endsAtMs: number;

  constructor(options: PidOptions, clock: Clock) {
    this.clock = clock;
    this.options = options;
    this.endsAtMs = clock.now() + options.periodMs;
  }

  acquire(level: number): Shed | undefined {
    if (this.drop.admits(level)) return undefined;
    return { reason: 'over-limit', load: 1, retryAfterMs: this.options.periodMs };
  }

  release(outcome: PermitOutcome, waitMs: number, _serviceMs: number): void {
    if (outcome === 'ignored') return;
    this.sumMs += waitMs;
    this.count++;
    const nowMs = this.clock.now();
    if (nowMs >= this.endsAtMs) this.step(nowMs);
  }

  private step(nowMs: number): void {
    const { setpointMs, periodMs, gains } = this.options;
    const error = Math.min(MOST_ERROR, this.sumMs / this.count / setpointMs - 1);
    const change =
      gains.p * (error - this.error) +
      gains.i * error +
      gains.d * (error - 2 * this.error + this.errorBefore);
    const { share } = this.drop;
    this.drop.share = Math.min(MOST, Math.max(0, share + change * (1 - share)));
    this.errorBefore = this.error;
    this.error = error;
    this.sumMs = 0;
    this.count = 0;
    this.endsAtMs = nowMs + periodMs;
  }

  hasRoom(_level: number): boolean {
    return this.drop.share < MOST;
  }

  load(): number {
    return this.drop.share;
  }
}
