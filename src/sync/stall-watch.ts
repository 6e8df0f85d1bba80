import type { Clock } from '../contract/clock.ts';
import type { Arbiter } from './arbiter.ts';
import { reduce } from './deadlock.ts';
import type { Party } from './party.ts';
import type { Rounds } from './rounds.ts';

/**
 * Who could still come to a barrier: `nobody`, `somebody`, or only such who had their chance (the tasks that there were
 * when the last one came have all ended, and others have come after them).
 */
export type Prospect = 'nobody' | 'had their chance' | 'somebody';

/** Knows the tasks that run and wait. */
export interface Newcomers {
  /** @param stuck parties that do not go on before a barrier lets them */
  prospect(rounds: Rounds, stuck: ReadonlySet<Party>): Prospect;
}

export interface Patience {
  readonly stallMs: number;
  readonly patienceMs: number;
}

/**
 * Looks so many times while a round may be stalled, and has to find nobody each time: after a late event loop the first
 * look comes before the word of those who have come meanwhile.
 */
const LOOKS = 4;

/** Looks after rounds of barriers that wait, and breaks those that will not become complete. */
export class StallWatch {
  private readonly clock: Clock;
  private readonly arbiter: Arbiter;
  private readonly newcomers: Newcomers;
  private readonly patience: Patience;
  private readonly waiting = new Set<Rounds>();
  private cancelLook: (() => void) | undefined = undefined;

  constructor(clock: Clock, arbiter: Arbiter, newcomers: Newcomers, patience: Patience) {
    this.clock = clock;
    this.arbiter = arbiter;
    this.newcomers = newcomers;
    this.patience = patience;
    arbiter.onBarrierWait = (rounds) => this.watch(rounds);
    arbiter.onBarrierQuiet = (rounds) => this.forget(rounds);
  }

  private watch(rounds: Rounds): void {
    this.waiting.add(rounds);
    // Keeps the process alive: who waits is to be told.
    this.cancelLook ??= this.clock.schedule(this.patience.stallMs / LOOKS, () => this.look());
  }

  private forget(rounds: Rounds): void {
    this.waiting.delete(rounds);
    if (this.waiting.size > 0) return;
    this.cancelLook?.();
    this.cancelLook = undefined;
  }

  private look(): void {
    this.cancelLook = undefined;
    const stuck = this.stuckParties();
    for (const rounds of this.waiting) {
      const why = this.verdict(rounds, stuck);
      if (why !== undefined) this.arbiter.breakRound(rounds, why);
      else this.watch(rounds);
    }
  }

  /** Parties that do not go on before a barrier lets them. */
  private stuckParties(): ReadonlySet<Party> {
    const stuck = new Set<Party>();
    for (const { line } of this.arbiter.names.inUse()) for (const { party } of line) stuck.add(party);
    reduce(stuck, false);
    return stuck;
  }

  /** Why a round is given up; `undefined` if it is not. */
  private verdict(rounds: Rounds, stuck: ReadonlySet<Party>): string | undefined {
    const { stallMs, patienceMs } = this.patience;
    const nowMs = this.clock.now();
    const prospect = this.newcomers.prospect(rounds, stuck);
    if (prospect === 'nobody' && !rounds.isOpen) {
      if (rounds.stalledSinceMs === undefined) {
        rounds.stalledSinceMs = nowMs;
        rounds.stalledLooks = 0;
      } else rounds.stalledLooks++;
      if (nowMs - rounds.stalledSinceMs < stallMs || rounds.stalledLooks < LOOKS) return undefined;
      return `${rounds.free} are missing and for ${stallMs} ms there was nobody left who could come: no task runs that is not stuck, and none that waits can start`;
    }
    rounds.stalledSinceMs = undefined;
    if (prospect === 'somebody' || nowMs - rounds.lastArrivalAtMs < patienceMs) return undefined;
    return `${rounds.free} are missing and nobody has come for ${patienceMs} ms`;
  }
}
