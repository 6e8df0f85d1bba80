import type { TaskContext } from '../contract/agent.ts';
import type { AgentRef, Task } from '../contract/task.ts';
import type { Notify } from './loop-lane.ts';

/** What a handler on the event loop is given. Costs one small object unless the handler asks for the signal. */
export class LoopContext implements TaskContext {
  private readonly task: Task;
  private readonly agentRef: AgentRef;
  private readonly notify: Notify;
  private controller: AbortController | undefined = undefined;

  constructor(task: Task, agent: AgentRef, notify: Notify) {
    this.task = task;
    this.agentRef = agent;
    this.notify = notify;
  }

  get taskId(): string {
    return this.task.id;
  }

  get agent(): string {
    return this.agentRef.name;
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
    if (!this.task.ended) this.notify(this.task, 'progress', fraction);
  }

  async emit(part: unknown): Promise<void> {
    if (!this.task.ended) this.notify(this.task, 'partial', part);
  }

  transfer<T>(value: T): T {
    return value;
  }
}
