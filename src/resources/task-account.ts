import type { TaskError } from '../contract/errors.ts';
import type { UsageTotals } from '../contract/stats.ts';
import { STATE, type Task } from '../contract/task.ts';
import type { Account } from '../contract/task-extras.ts';
import { Amounts } from './amounts.ts';
import { totalsOf } from './cost-totals.ts';
import type { Reservation } from './reservation.ts';
import type { Spender } from './spender.ts';

/** What the estimate of an agent says of a task, and those of other agents. */
interface Need {
  readonly spender: Spender;
  readonly amounts: Amounts;
  readonly next: Need | undefined;
}

/** What one task is expected to use, and what it has used. Made for those that have an estimate, a price or a report. */
export class TaskAccount implements Account {
  readonly tenant: string | undefined;
  readonly workflow: string | undefined;
  /** What the estimates of the agents that may take it say. */
  private needs: Need | undefined = undefined;
  reservation: Reservation | undefined;
  /** What counts in budgets once the task has ended; nobody changes it. */
  private charged: Amounts | undefined = undefined;
  private spent: Amounts | undefined = undefined;
  private hasReported = false;
  private hasEnded: boolean;
  /** What was reported when the task ended. */
  private final: UsageTotals | undefined = undefined;

  /** @param reservation what is reserved for the task; settled already if the task has ended */
  constructor(task: Task, reservation: Reservation | undefined) {
    const { extras, ended } = task;
    this.tenant = reservation === undefined ? extras?.tenant : reservation.tenant;
    this.workflow = reservation === undefined ? extras?.workflow : reservation.workflow;
    this.reservation = reservation;
    this.hasEnded = ended;
    if (reservation === undefined || !ended) return;
    const error = task.stateCode === STATE.completed ? undefined : (task.error as TaskError);
    this.charged = reservation.presumed(task, error);
  }

  get usage(): UsageTotals | undefined {
    if (this.hasEnded || !this.hasReported) return this.final;
    return totalsOf(this.spent!);
  }

  /** What the agent's estimate says of the task, if that is known. */
  needOf(spender: Spender): Amounts | undefined {
    let need = this.needs;
    while (need !== undefined && need.spender !== spender) need = need.next;
    return need?.amounts;
  }

  expect(spender: Spender, amounts: Amounts): void {
    this.needs = { spender, amounts, next: this.needs };
  }

  /** The price of a call that starts; negative if it was taken back. */
  addPrice(price: Amounts): void {
    this.spent ??= new Amounts();
    this.spent.add(price);
  }

  /** A handler has reported what it used. */
  add(used: Amounts): void {
    this.addPrice(used);
    this.hasReported = true;
    if (this.charged !== undefined) this.charge(this.spentNow());
  }

  /** The task has ended: what was reserved is settled. Reports that come later are charged still. */
  ended(task: Task, error: Pick<TaskError, 'code'> | undefined): void {
    if (this.hasReported) {
      this.final = this.usage;
      const agent = task.agent as { spender?: Spender } | undefined;
      agent?.spender?.follow(this.spent!);
    }
    this.hasEnded = true;
    const { reservation } = this;
    if (reservation === undefined) return;
    reservation.release();
    const presumed = this.hasReported ? undefined : reservation.presumed(task, error);
    this.charge(presumed === reservation.need ? presumed : this.spentNow());
  }

  /** Stays as it is. */
  private spentNow(): Amounts {
    return this.spent === undefined ? new Amounts() : new Amounts().add(this.spent);
  }

  private charge(amounts: Amounts): void {
    const before = this.charged ?? new Amounts();
    this.charged = amounts;
    this.reservation!.charge(amounts, before);
  }
}
