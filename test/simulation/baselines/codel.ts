import type { Clock } from '../../../src/contract/clock.ts';
import type { Limit, PermitOutcome, Shed } from '../../../src/contract/limit.ts';
import { PriorityDrop } from './priority-drop.ts';

/** What a step leaves of the share that is admitted, and what it grows by after a good interval. */
const STEP = { down: 0.99, up: 1.01 } as const;
/** Least share that is admitted. */
const LEAST = 0.02;

export interface CoDelOptions {
  /** Wait that is put up with, in milliseconds. */
  readonly targetMs: number;
  /** How long the least wait has to be above it, in milliseconds. */
  readonly intervalMs: number;
}

/**
 * Controlled delay with priorities. The queue is bad once the least wait of a whole interval is above the target; while
 * it is, the n-th step follows `interval / sqrt(n)` after the one before. CoDel drops a packet a step, to which TCP
 * answers; nobody answers here, so a step takes 1 % of what is admitted, of the lowest priorities first, and gives 1 %
 * back after an interval with a wait under the target.
 *
 * Source: RFC 8289 for when to act.
 */
export class CoDelLimit implements Limit {
  private readonly clock: Clock;
  private readonly targetMs: number;
  private readonly intervalMs: number;
  private readonly drop = new PriorityDrop();
  private leastMs = Number.POSITIVE_INFINITY;
  private endsAtMs: number;
  private steps = 0;

  constructor(options: CoDelOptions, clock: Clock) {
    this.clock = clock;
    this.targetMs = options.targetMs;
    this.intervalMs = options.intervalMs;
    this.endsAtMs = clock.now() + options.intervalMs;
  }

  acquire(level: number): Shed | undefined {
    if (this.drop.admits(level)) return undefined;
    return { reason: 'over-limit', load: 1, retryAfterMs: this.intervalMs };
  }

  release(outcome: PermitOutcome, waitMs: number, _serviceMs: number): void {
    if (outcome !== 'ignored') this.leastMs = Math.min(this.leastMs, waitMs);
    const nowMs = this.clock.now();
    if (nowMs < this.endsAtMs) return;
    const isBad = this.leastMs > this.targetMs;
    this.steps = isBad ? this.steps + 1 : 0;
    const admitted = (1 - this.drop.share) * (isBad ? STEP.down : STEP.up);
    this.drop.share = 1 - Math.min(1, Math.max(LEAST, admitted));
    this.leastMs = Number.POSITIVE_INFINITY;
    this.endsAtMs = nowMs + this.intervalMs / Math.sqrt(Math.max(1, this.steps));
  }

  hasRoom(_level: number): boolean {
    return this.drop.share < 1 - LEAST;
  }

  load(): number {
    return this.drop.share;
  }
}
