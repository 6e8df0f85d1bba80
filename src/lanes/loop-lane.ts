import type { TaskContext } from '../contract/agent.ts';
import type { Clock } from '../contract/clock.ts';
import type { TaskEvents } from '../contract/handle.ts';
import type { AgentRef, Task } from '../contract/task.ts';
import { Deadlines } from './deadlines.ts';
import type { LaneReport } from './lane.ts';
import { LoopContext } from './loop-context.ts';

/** An agent whose handler is a function in this process. */
export interface LoopAgentRef extends AgentRef {
  readonly run: (input: never, ctx: TaskContext) => unknown;
}

/** Delivers what a handler reports while it runs. */
export type Notify = <E extends keyof TaskEvents>(task: Task, event: E, value: TaskEvents[E]) => void;

/**
 * Runs attempts as promises on the event loop. How many run at once is the dispatcher's to decide; the lane starts
 * what it is given, at once. A task that was ended from outside (cancelled, out of time) is forgotten: what its
 * handler still does changes nothing.
 */
export class LoopLane {
  private readonly clock: Clock;
  private readonly report: LaneReport;
  private readonly notify: Notify;
  private readonly deadlines: Deadlines<Task>;
  /** Running tasks, linked by the fields that a waiting task's queue uses. */
  private first: Task | undefined = undefined;

  constructor(clock: Clock, report: LaneReport, notify: Notify) {
    this.clock = clock;
    this.report = report;
    this.notify = notify;
    this.deadlines = new Deadlines(clock, (task) => this.timeOut(task));
  }

  start(task: Task, agent: LoopAgentRef, nowMs: number): void {
    task.startedAtMs = nowMs;
    this.link(task);
    const timeoutMs = task.extras?.timeoutMs ?? agent.timeoutMs;
    if (timeoutMs !== undefined) {
      const deadline = this.deadlines.add(task, timeoutMs, nowMs);
      task.more.clearDeadline = () => this.deadlines.remove(deadline);
    }
    void this.attempt(task, agent);
  }

  /** To be called when a task has ended, by whatever cause. */
  ended(task: Task): void {
    const { previous, next } = task;
    if (previous !== undefined) previous.next = next;
    else this.first = next;
    if (next !== undefined) next.previous = previous;
    task.previous = undefined;
    task.next = undefined;
  }

  runningTasks(): Task[] {
    const tasks: Task[] = [];
    for (let task = this.first; task !== undefined; task = task.next) tasks.push(task);
    return tasks;
  }

  private link(task: Task): void {
    task.next = this.first;
    if (this.first !== undefined) this.first.previous = task;
    this.first = task;
  }

  /** Never rejects: whatever the handler does becomes a report. */
  private async attempt(task: Task, agent: LoopAgentRef): Promise<void> {
    let value: unknown;
    try {
      value = agent.run(task.input as never, new LoopContext(task, agent, this.notify));
      if (isThenable(value)) value = await value;
    } catch (error) {
      if (!task.ended) {
        this.report.failed(
          task,
          { code: 'HANDLER_FAILED', cause: error },
          task.startedAtMs,
          this.clock.now(),
        );
      }
      return;
    }
    if (!task.ended) this.report.completed(task, value, task.startedAtMs, this.clock.now());
  }

  private timeOut(task: Task): void {
    if (task.ended) return;
    this.report.failed(task, { code: 'TIMEOUT', cause: undefined }, task.startedAtMs, this.clock.now());
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
