import type { Agent } from '../contract/agent.ts';
import type { Random } from '../contract/clock.ts';
import type { ReportWork } from '../report/report.ts';
import type { PriorityName } from './priority-names.ts';
import type { TraceCall } from './trace.ts';

/** What one arrival asks for. */
export interface LoadTask {
  /** Name of the agent that it is for. */
  readonly agent: string;
  readonly input: unknown;
  /** Default: drawn from the mix of priorities. */
  readonly priority?: PriorityName | undefined;
}

/** What a load run is run on. */
export interface LoadTarget {
  /** `cpu`, `upstream`, or the path of the user's module. */
  readonly name: string;
  /** For the report. */
  readonly work: ReportWork;
  readonly agents: readonly Agent[];
  /** The task of one arrival. `call` is the recorded one if a trace is replayed. */
  next(index: number, random: Random, call?: TraceCall): LoadTask;
  close(): Promise<void>;
}
