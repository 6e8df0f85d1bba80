import type { Random } from '../../src/contract/clock.ts';
import type { OverloadContender } from './contender.ts';
import type { Durations, LaneName } from './plan.ts';

/** A setting at which the capacity was measured, and what came out, in tasks a second. */
export interface CapacityReading {
  readonly name: string;
  readonly perSecond: number;
  /** Whether 99 % ended within the objective, where that is asked for. */
  readonly withinObjective: boolean;
}

/** One way to measure the capacity. */
export interface CapacitySetting {
  readonly name: string;
  measure(): Promise<CapacityReading>;
}

/** A lane that is set up: what is sent, to whom, and how much of it can be done. */
export interface OverloadLane {
  readonly name: LaneName;
  /** The work, in a line. */
  readonly work: string;
  readonly sloMs: number;
  readonly durations: Durations;
  readonly contenders: readonly OverloadContender[];
  /** The input of the next task. */
  input(random: Random): number;
  /** How much of an average task that input is. */
  weightOf(input: number): number;
  /** Closed loops; the best of them is the capacity. */
  readonly capacitySettings: readonly CapacitySetting[];
  close(): Promise<void>;
}

/** The best of the readings within the objective. @throws Error if there is none */
export function bestReading(readings: readonly CapacityReading[]): CapacityReading {
  const fit = readings.filter(({ withinObjective }) => withinObjective);
  const best = fit.reduce<CapacityReading | undefined>(
    (champion, reading) => (champion && champion.perSecond >= reading.perSecond ? champion : reading),
    undefined,
  );
  if (best !== undefined) return best;
  throw new Error('overload: cannot measure the capacity: no closed loop kept within the objective');
}
