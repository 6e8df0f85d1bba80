import { VALIDITY } from '../../src/load/validity.ts';
import { quantile } from '../harness.ts';
import { type Attempt, isGood } from './attempt.ts';
import type { Driven } from './drive.ts';
import type { Phase } from './plan.ts';
import { healthyAfterMs } from './recovery.ts';

/** How far the capacities before and after a contender may be apart, as a share. */
const MOST_DRIFT = 0.1;

/** What a contender did at one load. Shares are of the tasks that arrived in the window. */
export interface LoadFigures {
  readonly load: number;
  readonly arrivals: number;
  /**
   * Work completed within the objective in the window, over the capacity. Both count in average tasks: a long one counts
   * for more, so that neither the luck of the draw nor a liking for short ones shows as goodput.
   */
  readonly goodput: number;
  readonly rejectedShare: number;
  readonly failedShare: number;
  /** Of those that completed in the window, in milliseconds; `null` if none did. */
  readonly p99Ms: number | null;
  /** Of those of high priority, how many completed within the objective. */
  readonly highGoodShare: number;
  /** How late the generator was, in milliseconds. */
  readonly lagP99Ms: number;
  /** Whether that is little enough. */
  readonly valid: boolean;
}

/** What it did while rejected tasks came back. */
export interface StormFigures {
  /** Sendings for each task. */
  readonly sendings: number;
  /** As at the other loads, while the load was above the capacity. */
  readonly goodput: number;
  /** From the fall of the load, in milliseconds; `null` if it did not become healthy. */
  readonly healthyAfterMs: number | null;
}

export interface ContenderFigures {
  readonly name: string;
  readonly loads: readonly LoadFigures[];
  readonly storm: StormFigures;
  /** From the fall of the load at the end, in milliseconds; `null` if it did not recover. */
  readonly recoveryMs: number | null;
  /** Measured just before and just after it, in tasks a second. */
  readonly capacityAround: readonly [number, number];
  /** Whether the machine could do about as much after it as before. */
  readonly steady: boolean;
  /** Whether the generator stopped before the end, hopelessly late. */
  readonly gaveUp: boolean;
  /** Rounds that these figures are of, without those that were spoiled. */
  readonly counted: number;
}

export interface Yardstick {
  readonly capacityPerSecond: number;
  readonly sloMs: number;
}

export function figuresOf(
  name: string,
  { attempts, gaveUp }: Driven,
  phases: readonly Phase[],
  yardstick: Yardstick,
  capacityAround: readonly [number, number],
): ContenderFigures {
  const drift = Math.abs(capacityAround[1] / capacityAround[0] - 1);
  const named = (wanted: Phase['name']) => phases.find((phase) => phase.name === wanted)!;
  const healthy = (phase: Phase) => healthyAfterMs(arrivedIn(attempts, phase), phase, yardstick.sloMs);
  const retrying = phases.filter((phase) => phase.retries);
  const inStorm = retrying.flatMap((phase) => arrivedIn(attempts, phase));
  const first = inStorm.filter(({ retry }) => retry === 0).length;
  return {
    name,
    loads: phases
      .filter((phase) => phase.name === 'step')
      .map((phase) => loadFigures(attempts, phase, yardstick)),
    storm: {
      sendings: first === 0 ? 1 : inStorm.length / first,
      goodput: goodputIn(attempts, named('storm'), yardstick),
      healthyAfterMs: healthy(named('calm')),
    },
    recoveryMs: healthy(named('back')),
    capacityAround,
    steady: drift <= MOST_DRIFT,
    gaveUp,
    counted: drift <= MOST_DRIFT && !gaveUp ? 1 : 0,
  };
}

function loadFigures(attempts: readonly Attempt[], phase: Phase, yardstick: Yardstick): LoadFigures {
  const arrived = arrivedIn(attempts, phase);
  const share = (of: readonly Attempt[], fits: (attempt: Attempt) => boolean) =>
    of.length === 0 ? 0 : of.filter(fits).length / of.length;
  const latenciesMs = endedIn(attempts, phase).map(({ endMs, intendedMs }) => endMs - intendedMs);
  const lagP99Ms = p99(arrived.map(({ lagMs }) => lagMs)) ?? 0;
  return {
    load: phase.load,
    arrivals: arrived.length,
    goodput: goodputIn(attempts, phase, yardstick),
    rejectedShare: share(arrived, ({ status }) => status === 'rejected'),
    failedShare: share(arrived, ({ status }) => status === 'failed'),
    p99Ms: p99(latenciesMs),
    highGoodShare: share(
      arrived.filter(({ priority }) => priority === 'high'),
      (attempt) => isGood(attempt, yardstick.sloMs),
    ),
    lagP99Ms,
    valid: lagP99Ms <= Math.max(VALIDITY.toleranceMs, VALIDITY.shareOfObjective * yardstick.sloMs),
  };
}

function goodputIn(
  attempts: readonly Attempt[],
  phase: Phase,
  { capacityPerSecond, sloMs }: Yardstick,
): number {
  const good = endedIn(attempts, phase).filter((attempt) => isGood(attempt, sloMs));
  const work = good.reduce((sum, { weight }) => sum + weight, 0);
  return (work * 1_000) / (phase.untilMs - phase.countFromMs) / capacityPerSecond;
}

function arrivedIn(attempts: readonly Attempt[], { countFromMs, untilMs }: Phase): readonly Attempt[] {
  return attempts.filter(({ intendedMs }) => intendedMs >= countFromMs && intendedMs < untilMs);
}

function endedIn(attempts: readonly Attempt[], { countFromMs, untilMs }: Phase): readonly Attempt[] {
  return attempts.filter(
    ({ status, endMs }) => status === 'completed' && endMs >= countFromMs && endMs < untilMs,
  );
}

function p99(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantile(values, 0.99);
}
