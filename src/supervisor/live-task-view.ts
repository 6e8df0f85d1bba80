import type { LiveTask } from '../contract/cancel.ts';
import { STATE, type Task } from '../contract/task.ts';
import type { Route } from '../dispatch/route.ts';

const NO_TAGS: readonly string[] = [];

/** A task as a user's predicate sees it; what is not asked for is not made. */
export class LiveTaskView implements LiveTask {
  readonly #task: Task;
  readonly #nowMs: number;

  constructor(task: Task, nowMs: number) {
    this.#task = task;
    this.#nowMs = nowMs;
  }

  get id(): string {
    return this.#task.id;
  }

  get state(): LiveTask['state'] {
    return this.#task.stateCode === STATE.pending ? 'pending' : 'running';
  }

  get target(): LiveTask['target'] {
    const { kind, name } = this.#task.target as Route;
    return kind === 'agent' ? name : { capability: name };
  }

  get agent(): string | undefined {
    return this.#task.agent?.name;
  }

  get priority(): number {
    return this.#task.level;
  }

  get tenant(): string | undefined {
    return this.#task.extras?.tenant;
  }

  get tags(): readonly string[] {
    return this.#task.extras?.tags ?? NO_TAGS;
  }

  get ageMs(): number {
    return this.#nowMs - this.#task.enqueuedAtMs;
  }

  get input(): unknown {
    return this.#task.payload;
  }
}
