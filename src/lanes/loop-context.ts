import type { TaskContext } from '../contract/agent.ts';
import { rateLimitFrom } from '../contract/rate-limit.ts';
import type { Sync } from '../contract/sync.ts';
import type { AgentRef, AttemptOf, Task } from '../contract/task.ts';
import { checkedUsage, type Usage } from '../contract/usage.ts';

const DELIVERED = Promise.resolve();

/** What few handlers ask for; apart, so that the context of the others stays small. */
interface Made {
  controller?: AbortController;
  sync?: Sync;
}

/** What a handler on the event loop is given. Costs one small object unless the handler asks for the signal or locks. */
export class LoopContext implements TaskContext {
  private readonly task: Task;
  /** Attempts before this one: if there are more by now, this one is over. */
  private readonly earlier: number;
  private readonly by: AgentRef | undefined;
  private made: Made | undefined = undefined;

  constructor(task: Task) {
    this.task = task;
    this.by = task.agent;
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
    this.made ??= {};
    const { made, task } = this;
    if (made.controller === undefined) {
      const controller = new AbortController();
      made.controller = controller;
      if (this.cancelled) controller.abort();
      else task.more.abort = (reason) => controller.abort(reason);
    }
    return made.controller.signal;
  }

  get sync(): Sync {
    this.made ??= {};
    this.made.sync ??= this.task.target.owner.syncOf(this.task, this.cancelled);
    return this.made.sync;
  }

  async progress(fraction: number): Promise<void> {
    if (!this.cancelled) this.task.target.owner.notify(this.task, 'progress', fraction);
  }

  async emit(part: unknown): Promise<void> {
    if (!this.cancelled) this.task.target.owner.notify(this.task, 'partial', part);
  }

  usage(usage: Usage): Promise<void> {
    // Also after the task has ended: the call goes on, and costs.
    this.task.target.owner.used(this.task, checkedUsage(usage, 'usage'), this.attempt);
    return DELIVERED;
  }

  rateLimit(headers: unknown, resource?: string): Promise<void> {
    const rateLimit = rateLimitFrom(headers);
    if (rateLimit !== undefined) this.task.target.owner.limited(this.task, rateLimit, resource, this.attempt);
    return DELIVERED;
  }

  private get attempt(): AttemptOf {
    return { agent: this.by, isOver: this.cancelled };
  }

  transfer<T>(value: T): T {
    return value;
  }
}
