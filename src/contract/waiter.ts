import type { TaskExtras } from './task-extras.ts';

/** Who goes on with what a task gives: a step of a workflow's run. One object stands for all tasks of that step. */
export interface Waiter {
  /** What its tasks have in common, as the engine keeps it. */
  shared: TaskExtras | undefined;
  /** Adds the steps that have not begun and need what the task gives, by the ids of their runs. */
  addDependents(steps: Map<string, Set<string>>): void;
}

/** The task option that names it. A symbol, as it is none of a caller's options; only tasks of workflows have it. */
export const WAITER: unique symbol = Symbol('waiter');

export interface OfWaiter {
  readonly [WAITER]: Waiter;
}
