import type { EngineParts } from './compose.ts';
import { checkPriority } from './contract/check-options.ts';
import { wallNowMs } from './contract/clock.ts';
import type { Priority, TaskEvents } from './contract/handle.ts';
import type { AbortReason } from './contract/outcome.ts';
import type { Sync } from './contract/sync.ts';
import { STATE, type Task, type TaskOwner } from './contract/task.ts';
import { addListener, notify } from './dispatch/listeners.ts';
import type { EventHub } from './supervisor/event-hub.ts';
import { TaskSync } from './sync/desks.ts';

/** What tasks ask of their engine. */
export class TaskDesk implements TaskOwner {
  private readonly hub: EventHub;
  /** There are none before there is somebody whom tasks can ask. */
  private parts!: EngineParts;

  constructor(hub: EventHub) {
    this.hub = hub;
  }

  open(parts: EngineParts): void {
    this.parts = parts;
  }

  cancelTask(task: Task, reason: AbortReason, cause?: unknown): boolean {
    return this.parts.supervisor.cancel(task, reason, cause);
  }

  reprioritize(task: Task, priority: Priority): boolean {
    const level = checkPriority(priority);
    if (task.stateCode !== STATE.pending) return false;
    this.parts.dispatcher.rerank(task, level);
    if (task.extras?.asked !== undefined) task.extras.asked.level = level;
    return true;
  }

  syncOf(task: Task, isOver: boolean): Sync {
    return new TaskSync(this.parts.arbiter, task, isOver);
  }

  listen<E extends keyof TaskEvents>(
    task: Task,
    event: E,
    listener: (value: TaskEvents[E]) => void,
  ): () => void {
    return addListener(task, event, listener);
  }

  notify<E extends keyof TaskEvents>(task: Task, event: E, value: TaskEvents[E]): void {
    notify(task, event, value, (name, error) => this.hub.failed(name, error));
  }

  wallAtMs(clockMs: number): number {
    return wallNowMs() - (this.parts.clock.now() - clockMs);
  }

  used(...[task, usage, by]: Parameters<TaskOwner['used']>): void {
    this.parts.ledger.report(task, usage, by);
    if (!by.isOver) this.notify(task, 'usage', usage);
  }

  limited(...said: Parameters<TaskOwner['limited']>): void {
    this.parts.ledger.learn(...said);
  }
}
