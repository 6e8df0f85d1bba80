import type { Task } from '../contract/task.ts';
import type { Failure } from '../lanes/lane.ts';

/** Codes of attempts whose thread, or child process, was lost to them. */
const DEADLY: ReadonlySet<Failure['code']> = new Set(['WORKER_LOST', 'STALLED']);

/**
 * Counts a death against the task that ran when its thread died.
 * @returns whether the task has killed `kills` threads now, and must not be run again
 */
export function isPoisonous(task: Task, { code, tookThread }: Failure, kills: number): boolean {
  if (!DEADLY.has(code) && tookThread !== true) return false;
  task.more.kills++;
  return task.more.kills >= kills;
}
