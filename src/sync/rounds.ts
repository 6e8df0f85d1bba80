import { type InLine, Line } from './line.ts';
import type { Party } from './party.ts';
import type { Wait } from './wait.ts';

/** Names of agents that a barrier remembers. */
const MAX_SEEN = 1_000;

/** A barrier: rounds of `size` parties that wait for each other. */
export class Rounds implements InLine<Rounds> {
  readonly kind = 'barrier';
  readonly name: string;
  readonly size: number;
  /** Those of this round that have come. */
  readonly line = new Line<Wait>();
  round = 0;
  /** Agents whose tasks have come, in any round. */
  readonly seen = new Set<string>();
  /** Code outside of handlers takes part: nobody knows when it comes. */
  isOpen = false;
  /** How many have come, in all rounds. */
  arrivals = 0;
  /** Since when nobody could come. */
  stalledSinceMs: number | undefined = undefined;
  /** Looks since then that found nobody either. */
  stalledLooks = 0;
  lastArrivalAtMs = Number.NEGATIVE_INFINITY;
  /** It stands among the unused. */
  isListed = false;
  previous: Rounds | undefined = undefined;
  next: Rounds | undefined = undefined;

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
  }

  get title(): string {
    return `barrier "${this.name}"`;
  }

  get inUse(): boolean {
    return this.line.size > 0;
  }

  get free(): number {
    return this.size - this.line.size;
  }

  /** Somebody has come. */
  arrived(nowMs: number): void {
    this.arrivals++;
    this.lastArrivalAtMs = nowMs;
    this.stalledSinceMs = undefined;
  }

  /** Remembers who takes part. */
  note(party: Party): void {
    const agent = party.task?.agent?.name;
    if (party.task === undefined) this.isOpen = true;
    else if (agent !== undefined && this.seen.size < MAX_SEEN) this.seen.add(agent);
  }

  /** Lets everybody through if all have come. */
  pass(): void {
    if (this.line.size < this.size) return;
    const round = this.round++;
    let position = 0;
    for (const wait of this.line) {
      wait.leave();
      wait.resolve({ round, position: position++ });
    }
  }

  /** The round will not become complete: all who wait are told. */
  break(error: () => unknown): void {
    this.round++;
    for (const wait of this.line) {
      wait.leave();
      wait.reject(error());
    }
  }
}
