import type { Ending, PriorityName } from './contender.ts';

/** One sending of a task. Times are milliseconds from the start of the run. */
export interface Attempt {
  /** When it was meant to be sent: latency counts from here. */
  readonly intendedMs: number;
  readonly lagMs: number;
  /** How much of an average task it is. */
  readonly weight: number;
  readonly priority: PriorityName;
  /** 0 for the first sending of a task. */
  readonly retry: number;
  /** `undefined` while it is under way. */
  status: Ending['status'] | undefined;
  endMs: number;
}

/** Whether it completed within the objective, counted from when it was meant to be sent. */
export function isGood({ status, endMs, intendedMs }: Attempt, sloMs: number): boolean {
  return status === 'completed' && endMs - intendedMs <= sloMs;
}
