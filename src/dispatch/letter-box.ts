import type { TaskError } from '../contract/errors.ts';
import type { Task } from '../contract/task.ts';

/** When an attempt ran, on the engine's clock in milliseconds; `undefined` for a task that never ran. */
export interface AttemptSpan {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Where tasks go that failed for good. */
export interface LetterBox {
  /** Whether inputs of tasks of this kind have to be kept as their callers gave them. */
  keepsInputs(runsOnThreads: boolean): boolean;
  /** Called before anybody learns of the failure; the task still has its input. Never throws. */
  take(task: Task, error: TaskError, span: AttemptSpan | undefined): void;
}
