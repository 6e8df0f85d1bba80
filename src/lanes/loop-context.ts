import type { TaskContext } from '../contract/agent.ts';
import type { Task } from '../contract/task.ts';

/** What a handler on the event loop is given. Costs one small object unless the handler asks for the signal. */
export class LoopContext implements TaskContext {
  private readonly task: Task;
  /** Attempts before this one: if there are more by now, this one is over. */
  private readonly earlier: number;
  private controller: AbortController | undefined = undefined;

  constructor(task: Task) {
    this.task = task;
    this.earlier = task.trail === undefined ? 0 : task.trail.made;
  }

  get taskId(): string {
    return this.task.id;
  }

  get agent(): string {
    return this.task.agent?.name ?? '';
  }

  get cancelled(): boolean {
    const { ended, trail } = this.task;
    return ended || (trail !== undefined && trail.made !== this.earlier);
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      if (this.cancelled) controller.abort();
      else this.task.more.abort = (reason) => controller.abort(reason);
    }
    return this.controller.signal;
  }

  async progress(fraction: number): Promise<void> {
    if (!this.cancelled) this.task.target.owner.notify(this.task, 'progress', fraction);
  }

  async emit(part: unknown): Promise<void> {
    if (!this.cancelled) this.task.target.owner.notify(this.task, 'partial', part);
  }

  transfer<T>(value: T): T {
    return value;
  }
}
