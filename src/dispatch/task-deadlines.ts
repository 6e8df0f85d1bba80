import type { Clock } from '../contract/clock.ts';
import type { Task } from '../contract/task.ts';
import { DueLine } from '../queue/due-line.ts';

/** Times by which tasks have to have ended, over all attempts and waits. */
export class TaskDeadlines {
  private readonly line: DueLine<Task>;

  constructor(clock: Clock, onDue: (task: Task) => void) {
    this.line = new DueLine(clock, onDue);
  }

  watch(task: Task, deadlineMs: number): void {
    const atMs = task.enqueuedAtMs + deadlineMs;
    const item = this.line.add(task, atMs, task.enqueuedAtMs);
    task.more.deadlineAtMs = atMs;
    task.more.clearTaskDeadline = () => this.line.remove(item);
  }
}
