import type { Transferable } from './agent.ts';
import type { Outcome } from './outcome.ts';
import type { RetryOptions } from './retry.ts';
import type { Usage } from './usage.ts';

/** `high`, `normal` and `low` stand for the integers 10, 0 and -10; any integer is allowed, larger goes first. */
export type Priority = 'high' | 'normal' | 'low' | number;

/** The states of a task. */
export type TaskState = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | 'rejected';

/** Options of one task. */
export interface TaskOptions {
  /** Default `normal`. */
  readonly priority?: Priority;
  /** Cancels the task when it aborts. */
  readonly signal?: AbortSignal;
  /** Overrides the agent's `timeoutMs`, in milliseconds. */
  readonly timeoutMs?: number;
  /** Overrides the agent's `deadlineMs`, in milliseconds from submit. */
  readonly deadlineMs?: number;
  /** Stands for the agent's `retry` as a whole; `{ attempts: 1 }` switches it off. Agents of the fallback have their own. */
  readonly retry?: RetryOptions;
  /** On whose behalf it runs. Under overload tenants of one priority get fair shares. Default: nobody's. */
  readonly tenant?: string;
  /** What to find it by, for `engine.cancel` and `where`: at most 16 texts of 1 to 200 characters. Default: none. */
  readonly tags?: readonly string[];
  /** The workflow that it is a part of: what budgets of workflows count by. Default: none. */
  readonly workflow?: string;
  /** What is moved to the thread instead of copied. Ignored by the loop lane. */
  readonly transfer?: readonly Transferable[];
}

/** What listeners of a task receive. */
export interface TaskEvents {
  /** 0 to 1, as the handler reports it. */
  progress: number;
  /** A part of the output, ahead of the result. */
  partial: unknown;
  /** What its call has used, as the handler reports it. */
  usage: Usage;
}

/** A submitted task. */
export interface TaskHandle<T = unknown> {
  readonly id: string;
  readonly state: TaskState;
  /** Resolves when the task has ended; never rejects. */
  readonly outcome: Promise<Outcome<T>>;
  /** Ends the task as cancelled. Returns false if it had ended already. */
  cancel(cause?: unknown): boolean;
  /** Moves a waiting task to the tail of another priority. Returns false if it no longer waits. */
  reprioritize(priority: Priority): boolean;
  /** Adds a listener; returns the function that removes it. At most 32 listeners a task. */
  on<E extends keyof TaskEvents>(event: E, listener: (value: TaskEvents[E]) => void): () => void;
}
