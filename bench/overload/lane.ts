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
  /** By closed loops. */
  capacity(progress: (text: string) => void): Promise<readonly CapacityReading[]>;
  close(): Promise<void>;
}

/** The largest of the readings within the objective. */
export function capacityFrom(readings: readonly CapacityReading[]): number {
  const fit = readings.filter(({ withinObjective }) => withinObjective);
  const perSecond = Math.max(0, ...fit.map((reading) => reading.perSecond));
  if (perSecond > 0) return perSecond;
  throw new Error('overload: cannot measure the capacity: no closed loop kept within the objective');
}
