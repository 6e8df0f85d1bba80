import type { AgentRef, Task } from '../contract/task.ts';
import type { ThreadTask } from '../sync/thread-task.ts';
import type { ThreadLink } from './thread-link.ts';

/** A batch that was handed to a thread and is not done. */
export class OpenBatch {
  readonly link: ThreadLink;
  readonly cell: number;
  readonly seq: number;
  /** `undefined` in the place of those whose result has come. */
  readonly tasks: (Task | undefined)[];
  readonly agents: readonly AgentRef[];
  readonly expectedMs: number;
  readonly postedAtMs: number;
  /** How many results have come. */
  received = 0;
  /** How many tasks the thread took in all; known once its last reply came or the rest was taken back. */
  taken: number | undefined = undefined;
  /** Its payload was moved to the thread, not copied: it cannot be sent to another. */
  moved = false;
  /** Tasks from here on were taken back. */
  end: number;
  /** Priority level of its first task. */
  readonly level: number;
  /** What running tasks hold and wait for, by index. */
  sync: Map<number, ThreadTask> | undefined = undefined;
  /** Reports that came for a task, by its index. */
  private reports: Map<number, number> | undefined = undefined;
  /** Results that wait for reports sent before them, by index. */
  private held:
    | Map<number, { readonly task: Task; readonly needed: number; readonly settle: () => void }>
    | undefined = undefined;

  constructor(
    link: ThreadLink,
    cell: number,
    seq: number,
    tasks: (Task | undefined)[],
    agents: readonly AgentRef[],
    expectedMs: number,
    postedAtMs: number,
  ) {
    this.link = link;
    this.cell = cell;
    this.seq = seq;
    this.tasks = tasks;
    this.agents = agents;
    this.expectedMs = expectedMs;
    this.postedAtMs = postedAtMs;
    this.end = tasks.length;
    this.level = tasks[0]!.level;
  }

  /** A task goes on without its attempt here; what ended stands in its place until the attempt has left the thread. */
  forsake(index: number): void {
    this.tasks[index] = this.tasks[index]?.standIn(this.agents[index]!);
  }

  get done(): boolean {
    return this.taken === this.received && (this.held === undefined || this.held.size === 0);
  }

  /** Counts a report of a running task. */
  report(index: number): void {
    this.reports ??= new Map();
    const count = (this.reports.get(index) ?? 0) + 1;
    this.reports.set(index, count);
    const held = this.held?.get(index);
    if (held !== undefined && held.needed <= count) {
      this.held!.delete(index);
      held.settle();
    }
  }

  /** Settles once `needed` reports of the task have come; they travel on another port than the results. */
  settleAfterReports(task: Task, index: number, needed: number, settle: () => void): void {
    if ((this.reports?.get(index) ?? 0) >= needed) {
      settle();
      return;
    }
    this.held ??= new Map();
    this.held.set(index, { task, needed, settle });
  }

  /** The task whose result waits for its reports. */
  heldTask(index: number): Task | undefined {
    return this.held?.get(index)?.task;
  }

  /** Settles what still waits for reports: their thread is dead, no more will come. */
  releaseHeld(): void {
    const held = this.held;
    this.held = undefined;
    for (const { settle } of held?.values() ?? []) settle();
  }
}
