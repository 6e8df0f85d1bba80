/**
 * Why a number of threads is wanted: `load`, they are busy for more than the target; `wait`, what waits would take too
 * long; `quiet`, fewer are enough; `minimum`, there are fewer than there may be; `steady`, they are as many as it takes.
 */
export type ScaleReason = 'load' | 'wait' | 'quiet' | 'minimum' | 'steady';

/** How many threads the engine would want, whatever it may have; what an outside autoscaler goes by. */
export interface ScaleSignal {
  /** Threads it would take; at least what priorities have reserved and one more. */
  readonly wanted: number;
  /** Threads that work or are on their way. 0 before an agent needed one. */
  readonly current: number;
  readonly why: ScaleReason;
  /** Share of their time that threads spent in handlers since the last call, 0 to 1. */
  readonly load: number;
  /** How long what waits takes to be worked off by the threads there are, in milliseconds. */
  readonly waitMs: number;
}

/** How the number of threads follows load. */
export interface ScalingOptions {
  /** Share of their time, above 0 and below 1, that threads are to spend in handlers. Default 0.7. */
  readonly targetLoad?: number;
  /** Least time between two changes, in milliseconds. Default 1,000. */
  readonly coolDownMs?: number;
  /** How long fewer threads must have been enough before some are given up, in milliseconds. Default 10,000. */
  readonly quietMs?: number;
}
