import type { SyncPartyInfo } from '../contract/sync.ts';
import type { Task } from '../contract/task.ts';
import type { Hold } from './hold.ts';
import type { Wait } from './wait.ts';

/** One flow of control that holds and waits: a task, a part of one, or code outside of handlers. */
export class Party {
  readonly task: Task | undefined;
  /** Of the thread that its task runs on. */
  readonly threadId: number | undefined;
  private readonly name: string | undefined;
  readonly holds: Hold[] = [];
  readonly waits: Wait[] = [];
  /** Why it acquires nothing any more. */
  ended: 'released' | 'cut short' | undefined = undefined;

  constructor(task: Task | undefined, name?: string, threadId?: number) {
    this.task = task;
    this.name = name;
    this.threadId = threadId;
  }

  get info(): SyncPartyInfo {
    const { task, threadId } = this;
    return { label: this.label, taskId: task?.id, agent: task?.agent?.name, threadId };
  }

  get label(): string {
    const { task, threadId, name } = this;
    if (task === undefined) return name === undefined ? 'code outside of handlers' : `party "${name}"`;
    const thread = threadId === undefined ? '' : `, thread ${threadId}`;
    const part = name === undefined ? '' : `, party "${name}"`;
    return `${task.id} (agent "${task.agent?.name ?? ''}"${thread}${part})`;
  }
}
