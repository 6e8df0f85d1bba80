import type { Outcome, Timing } from './outcome.ts';
import type { UsageTotals } from './stats.ts';

/** What is told of a task that has completed: as much of its outcome as costs nothing. Good for as long as it is told. */
export interface Completion {
  readonly status: 'completed';
  readonly value: unknown;
  /** Who has completed it. */
  readonly agent: string | undefined;
  readonly usage: UsageTotals | undefined;
  readonly timing: Timing;
  /** Attempts beyond the first. */
  readonly retries: number;
}

/** Who goes on with a task once it has ended. */
export interface EndListener {
  taskEnded(end: Completion | Outcome): void;
}

/**
 * What tells the listener of a task that it has ended, once, in a microtask. A symbol, as it is for workflows alone: their
 * maps have so many tasks that a promise for each would cost as much as all else about them.
 */
export const ON_END: unique symbol = Symbol('on end');

export interface Listenable {
  [ON_END](listener: EndListener): void;
}
