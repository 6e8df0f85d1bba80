import { OverloadError, type ShedReason } from './errors.ts';

/** Why a task is not let in, and when to come back. */
export interface Shed {
  readonly reason: ShedReason;
  /** Load at that moment; 1 means full. */
  readonly load: number;
  readonly retryAfterMs: number;
  /** What else a person should know; goes into the message. */
  readonly why?: string;
}

/**
 * How the right to be inside (the permit) was given back: `success` if the work says something about capacity,
 * `dropped` if it was lost to overload (a timeout), `ignored` if it says nothing (cancelled, or failed by itself).
 */
export type PermitOutcome = 'success' | 'dropped' | 'ignored';

/**
 * Decides who may be inside. The engine calls `acquire` once per submit and, for each task that it let in, `release`
 * exactly once. All methods are on the hot path: O(1), no allocation when the answer is yes. A method that throws
 * sheds the task with the reason `policy-failed` and never loses one.
 */
export interface Limit {
  /** `undefined` lets a task of this priority level in and takes its permit. */
  acquire(level: number): Shed | undefined;
  /** Gives one permit back, with how long the task waited and how long it was served, in milliseconds. */
  release(outcome: PermitOutcome, waitMs: number, serviceMs: number): void;
  /** Whether `acquire` would let a task of this level in now. */
  hasRoom(level: number): boolean;
  /** Inside over the limit, 0 to 1. */
  load(): number;
}

export function overloadError(shed: Shed, overflowed: boolean): OverloadError {
  return new OverloadError(shed.reason, shed.load, shed.retryAfterMs, overflowed, shed.why);
}

/** What a full queue answers. Nobody measures here, for the policy in front of it let everybody in. */
export function queueFull(load: number): Shed {
  return { reason: 'queue-full', load, retryAfterMs: 100 };
}
