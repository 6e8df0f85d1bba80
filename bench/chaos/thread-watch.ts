import type { EngineEvents } from '../../src/contract/events.ts';
import { DEATHS, type Death } from './kinds.ts';

/** Which agents kill in which way. A thread taken because of a cancelled task has no culprit. */
const DEATH_OF_AGENT: Readonly<Record<string, Death>> = {
  crash: 'uncaught',
  'crash once': 'uncaught',
  exit: 'exit',
  hang: 'hang',
  // Comes to its end by itself, unless its thread gets no processor for the whole grace.
  polite: 'hang',
  hog: 'out-of-heap',
  stall: 'stall',
  again: 'again',
  drill: 'injected',
};

/** Sees threads die and others take their place. */
export class ThreadWatch {
  readonly deaths: Record<Death, number> = Object.fromEntries(DEATHS.map((death) => [death, 0])) as never;
  /** From each death to the thread that took its place being ready, in milliseconds. */
  readonly replacedAfterMs: number[] = [];
  /** Deaths by agents that were to kill no thread. */
  readonly unexpected: string[] = [];
  /** How often their number was changed, and how many were given up in all. */
  changes = 0;
  givenUp = 0;
  /** Threads that were replaced because they had done enough. */
  recycled = 0;
  private readonly diedAtMs: number[] = [];
  private readonly now: () => number;
  private readonly isShort: () => boolean;

  /** `isShort` tells whether fewer threads take work than are to: whoever dies of those beyond is not replaced. */
  constructor(now: () => number, isShort: () => boolean) {
    this.now = now;
    this.isShort = isShort;
  }

  get total(): number {
    return DEATHS.reduce((sum, death) => sum + this.deaths[death], this.unexpected.length);
  }

  readonly lost = ({ agent, cause }: EngineEvents['threadLost']): void => {
    this.gone();
    const death = agent === undefined ? 'stuck' : DEATH_OF_AGENT[agent];
    if (death === undefined) this.unexpected.push(`agent "${agent}": ${String(cause)}`);
    else this.deaths[death]++;
  };

  readonly recycling = (): void => {
    this.recycled++;
    this.gone();
  };

  readonly scaled = ({ from, to }: EngineEvents['scaled']): void => {
    this.changes++;
    this.givenUp += Math.max(0, from - to);
  };

  /** The threads that start with the engine replace nobody. */
  readonly ready = (): void => {
    const diedAtMs = this.diedAtMs.shift();
    if (diedAtMs !== undefined) this.replacedAfterMs.push(this.now() - diedAtMs);
  };

  private gone(): void {
    if (this.isShort()) this.diedAtMs.push(this.now());
  }
}
