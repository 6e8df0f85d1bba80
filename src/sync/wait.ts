import type { BarrierTurn } from '../contract/sync.ts';
import type { Hold } from './hold.ts';
import type { InLine } from './line.ts';
import type { Party } from './party.ts';
import type { Resource } from './resource.ts';
import type { Rounds } from './rounds.ts';

/** Somebody's place in the line for a mutex or semaphore, or in a round of a barrier. */
export class Wait implements InLine<Wait> {
  readonly party: Party;
  readonly on: Resource | Rounds;
  readonly permits: number;
  /** Younger waits have larger ones. */
  readonly seq: number;
  readonly sinceMs: number;
  readonly resolve: (value: Hold | BarrierTurn) => void;
  readonly reject: (error: unknown) => void;
  previous: Wait | undefined = undefined;
  next: Wait | undefined = undefined;
  /** Takes back its timer. */
  cancelTimer: (() => void) | undefined = undefined;
  /** Takes back its listener on a signal. */
  unlisten: (() => void) | undefined = undefined;

  constructor(
    party: Party,
    on: Resource | Rounds,
    permits: number,
    seq: number,
    sinceMs: number,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
  ) {
    this.party = party;
    this.on = on;
    this.permits = permits;
    this.seq = seq;
    this.sinceMs = sinceMs;
    this.resolve = resolve as (value: Hold | BarrierTurn) => void;
    this.reject = reject;
  }

  /** Leaves its line: it is about to be settled, one way or the other. */
  leave(): void {
    this.on.line.remove(this);
    const { waits } = this.party;
    waits.splice(waits.lastIndexOf(this), 1);
    this.cancelTimer?.();
    this.unlisten?.();
  }
}
