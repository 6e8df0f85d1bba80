import type { TaskError } from '../contract/errors.ts';
import { STATE, type Task } from '../contract/task.ts';

/** Takes a task off its lane that has not ended: what the handler of that attempt still does changes nothing. */
export function leaveLane(task: Task, error: TaskError): void {
  task.move(STATE.pending);
  task.place = undefined;
  task.agent = undefined;
  const { extras } = task;
  if (extras === undefined) return;
  const { leaveSync, abort } = extras;
  extras.abort = undefined;
  extras.leaveSync = undefined;
  leaveSync?.('cut short');
  abort?.(error);
}

/** Takes back timers and listeners, so that an ended task holds on to nothing of its caller's. */
export function releaseExtras(task: Task, hasFailed: boolean): void {
  const { extras } = task;
  task.extras = undefined;
  extras!.unlisten?.();
  extras!.leaveSync?.(hasFailed ? 'cut short' : 'released');
  if (hasFailed) extras!.abort?.(task.error);
}
