import type { Ending } from './kinds.ts';
import { type BulkCancel, type Drill, endingsUnder, isMeant } from './meddling.ts';
import type { TaskPlan } from './plan.ts';

/** What is known beforehand of what happens to tasks from outside. */
export interface Meddlings {
  planOf(task: number): TaskPlan;
  isStreamed(task: number): boolean;
  bulkAt(burst: number): BulkCancel | undefined;
  drillAt(burst: number): Drill | undefined;
}

/** What was done to the tasks that have not ended: who was to be cancelled, and whom a fault may have struck. */
export class Circumstances {
  private readonly meddlings: Meddlings;
  private readonly outstanding = new Set<number>();
  private readonly asked = new Set<number>();
  private readonly struck = new Map<number, Set<Ending>>();
  private readonly drills = new Map<number, Drill>();
  /** To have ended when the event loop turns. */
  private due: number[] = [];

  constructor(meddlings: Meddlings) {
    this.meddlings = meddlings;
  }

  submitted(task: number): void {
    this.outstanding.add(task);
    for (const drill of this.drills.values()) this.strike(task, drill);
  }

  cancelled(task: number): void {
    this.asked.add(task);
  }

  bulkCancelled(burst: number): void {
    const bulk = this.meddlings.bulkAt(burst)!;
    for (const task of this.outstanding) {
      if (!isMeant(bulk, this.meddlings.planOf(task))) continue;
      this.asked.add(task);
      // A stream tells of its tasks in their order, and has some in hand that the engine has not seen.
      if (!this.meddlings.isStreamed(task)) this.due.push(task);
    }
  }

  /** The event loop has turned; gives those that a bulk cancel meant and that have not ended. */
  turned(): readonly number[] {
    const late = this.due.filter((task) => this.outstanding.has(task));
    this.due = [];
    return late;
  }

  drillBegan(burst: number): void {
    const drill = this.meddlings.drillAt(burst)!;
    this.drills.set(burst, drill);
    for (const task of this.outstanding) this.strike(task, drill);
  }

  drillEnded(burst: number): void {
    this.drills.delete(burst);
  }

  /** What may have had a part in how a task has ended, of which nothing more is to be known. */
  ended(task: number): { readonly wasAsked: boolean; readonly struck: ReadonlySet<Ending> | undefined } {
    const struck = this.struck.get(task);
    this.outstanding.delete(task);
    this.struck.delete(task);
    return { wasAsked: this.asked.has(task), struck };
  }

  private strike(task: number, { agent, options }: Drill): void {
    if (this.meddlings.planOf(task).kind.agent !== agent) return;
    const struck = this.struck.get(task) ?? new Set();
    for (const ending of endingsUnder(options)) struck.add(ending);
    this.struck.set(task, struck);
  }
}
