import type { Clock } from '../contract/clock.ts';
import type { Task } from '../contract/task.ts';
import { Deadlines } from '../lanes/deadlines.ts';
import { DueLine } from '../queue/due-line.ts';

/** Times by which tasks have to have ended, over all attempts and waits. */
export class TaskDeadlines {
  /** Deadlines of agents: there are few durations. */
  private readonly usual: Deadlines<Task>;
  /** Those of callers, which may all differ. */
  private readonly own: DueLine<Task>;

  constructor(clock: Clock, onDue: (task: Task) => void) {
    this.usual = new Deadlines(clock, onDue);
    this.own = new DueLine(clock, onDue);
  }

  /** As the task's agents have it. */
  watch(task: Task, deadlineMs: number): void {
    task.deadline = this.usual.add(task, deadlineMs, task.enqueuedAtMs);
  }

  /** As the task's caller has it. */
  watchOwn(task: Task, deadlineMs: number): void {
    const atMs = task.enqueuedAtMs + deadlineMs;
    const item = this.own.add(task, atMs, task.enqueuedAtMs);
    task.deadline = { atMs, cancel: () => this.own.remove(item) };
  }
}
