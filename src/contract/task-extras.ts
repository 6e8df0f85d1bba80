import type { Transferable } from './agent.ts';
import type { TaskError } from './errors.ts';
import type { TaskEvents } from './handle.ts';
import type { RetryOptions } from './retry.ts';
import type { UsageTotals } from './stats.ts';
import type { AgentRef, Task } from './task.ts';
import type { Waiter } from './waiter.ts';

/** The input of a task that any of several agents may take, as the schema of each makes it. */
export interface InputsByAgent {
  readonly original: unknown;
  readonly byAgent: ReadonlyMap<AgentRef, unknown>;
}

/** What the caller asked for, where the task itself no longer says so. */
export interface AskedFor {
  readonly input: unknown;
  level: number;
}

/** What is kept of a task that uses resources or budgets. */
export interface Account {
  /** What its handlers have reported; `undefined` if they have not. Once it has ended it stays as it is. */
  readonly usage: UsageTotals | undefined;
  /** To be called once, when the task has ended: `error` if it failed or was cancelled. */
  ended(task: Task, error: Pick<TaskError, 'code'> | undefined): void;
}

/** What few tasks have; kept apart so that the others stay small. */
export class TaskExtras {
  /** Tasks that were submitted with the same options have it in common: who changes it makes one of its own. */
  isShared = false;
  timeoutMs: number | undefined = undefined;
  transfer: readonly Transferable[] | undefined = undefined;
  inputs: InputsByAgent | undefined = undefined;
  tenant: string | undefined = undefined;
  workflow: string | undefined = undefined;
  /** The step of a workflow that it is a task of. */
  waiter: Waiter | undefined = undefined;
  tags: readonly string[] | undefined = undefined;
  /** Threads that died of it. */
  kills = 0;
  /** The dead letter that it was run again from. */
  letter: string | undefined = undefined;
  /** How long its handler may go on after it was cancelled. `undefined`: as the agent says. */
  graceMs: number | undefined = undefined;
  /** The caller's own policy, in place of the agent's. */
  retry: RetryOptions | undefined = undefined;
  /** The caller's own deadline, in place of the agent's, in milliseconds from submit. */
  deadlineMs: number | undefined = undefined;
  /** Kept while the task may still overflow, go on to another agent, or become a dead letter. */
  asked: AskedFor | undefined = undefined;
  /** Removes the listener from the caller's AbortSignal. */
  unlisten: (() => void) | undefined = undefined;
  listeners: { [E in keyof TaskEvents]?: ((value: TaskEvents[E]) => void)[] } | undefined = undefined;
  /** Aborts the loop lane's `ctx.signal`; set if the handler asked for one. */
  abort: ((reason: unknown) => void) | undefined = undefined;
  /** Set on a probe, which stands in no count: is told what became of it, once. */
  probe: ((error: TaskError | undefined) => void) | undefined = undefined;
  /** Gives back what the task's parties hold and wait for; set if the handler asked for `ctx.sync`. */
  leaveSync: ((how: 'released' | 'cut short') => void) | undefined = undefined;

  /** These, or a copy of those that others have as well. */
  own(): TaskExtras {
    if (!this.isShared) return this;
    return Object.assign(new TaskExtras(), this, { isShared: false });
  }
}
