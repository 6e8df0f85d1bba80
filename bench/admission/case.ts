import type { Result } from '../../test/simulation/measurement.ts';
import type { Scenario } from '../../test/simulation/scenario.ts';
import { coldStartS, recoveryS } from '../../test/simulation/transients.ts';
import type { LaneName } from '../../test/simulation/workload.ts';

export type Part = 'loads' | 'knees' | 'hard';

/** A scenario, before it is known who decides in it and with which seed. */
export type Course = Omit<Scenario, 'seed' | 'sloMs' | 'lane' | 'limit' | 'queueLimit' | 'concurrency'> & {
  readonly lane: LaneName;
  /** When the load fell, and until when it is watched for recovery, in seconds. */
  readonly recovery?: { readonly fromS: number; readonly toS: number };
  readonly isColdStart?: boolean;
};

/** One contender in one scenario, to be run with each seed. */
export interface Case {
  readonly part: Part;
  readonly contender: string;
  /** Of the scenario; for `loads` and `knees` the load. */
  readonly name: string;
  readonly lane: LaneName;
  readonly knee: number;
  readonly scenario: Omit<Scenario, 'seed'>;
  readonly course: Course;
}

/** What one run gave. `null` is a figure that the scenario does not have, or that was never reached. */
export interface Figures {
  readonly goodput: number;
  /** Over the objective. */
  readonly p99: number;
  /** Share of the offered ones that were good, by class. */
  readonly good: readonly number[];
  readonly rejected: number;
  readonly recoveryS: number | null;
  readonly coldStartS: number | null;
}

/** A case and its runs, in the order of the seeds. */
export interface Row extends Pick<Case, 'part' | 'contender' | 'name' | 'lane' | 'knee'> {
  readonly seeds: readonly number[];
  readonly runs: readonly Figures[];
}

export function figuresOf(result: Result, { recovery, isColdStart, durationS }: Course): Figures {
  const { goodput, p99, good, rejected } = result;
  return {
    goodput,
    p99,
    good,
    rejected,
    recoveryS: recovery === undefined ? null : finite(recoveryS(result, recovery.fromS, recovery.toS)),
    coldStartS: isColdStart ? finite(coldStartS(result, durationS)) : null,
  };
}

/** JSON knows no infinity. */
const finite = (value: number) => (Number.isFinite(value) ? value : null);
