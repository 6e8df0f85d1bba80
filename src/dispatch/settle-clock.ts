import type { Clock } from '../contract/clock.ts';

const TURN_END = Promise.resolve();

/** What the tasks of one reply count as the time of their settlement: one reading for all of a turn that ended before. */
export class SettleClock {
  private readonly clock: Clock;
  private nowMs = 0;
  private isValid = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  at(endedAtMs: number): number {
    if (!this.isValid || endedAtMs > this.nowMs) {
      this.nowMs = this.clock.now();
      this.isValid = true;
      void TURN_END.then(this.forget);
    }
    return this.nowMs;
  }

  private readonly forget = (): void => {
    this.isValid = false;
  };
}
