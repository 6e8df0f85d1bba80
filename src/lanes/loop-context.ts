import type { TaskContext } from '../contract/agent.ts';
import type { Task } from '../contract/task.ts';

/** What a handler on the event loop is given. Costs one small object unless the handler asks for the signal. */
export class LoopContext implements TaskContext {
  private readonly task: Task;
  private controller: AbortController | undefined = undefined;

  constructor(task: Task) {
    this.task = task;
  }

  get taskId(): string {
    return this.task.id;
  }

  get agent(): string {
    return this.task.agent?.name ?? '';
  }

  get cancelled(): boolean {
    return this.task.ended;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      if (this.task.ended) controller.abort();
      else this.task.more.abort = (reason) => controller.abort(reason);
    }
    return this.controller.signal;
  }

  async progress(fraction: number): Promise<void> {
    if (!this.task.ended) this.task.target.owner.notify(this.task, 'progress', fraction);
  }

  async emit(part: unknown): Promise<void> {
    if (!this.task.ended) this.task.target.owner.notify(this.task, 'partial', part);
  }

  transfer<T>(value: T): T {
    return value;
  }
}
