import type { TaskError, TaskErrorCode } from '../contract/errors.ts';
import type { UsageTotals } from '../contract/stats.ts';
import type { Task } from '../contract/task.ts';
import type { Account } from '../contract/task-extras.ts';
import { Amounts } from './amounts.ts';
import type { AttemptCount } from './attempt-count.ts';
import type { Claim } from './budgets.ts';
import { totalsOf } from './cost-totals.ts';
import type { Spender } from './spender.ts';

/** After these the upstream may still be at work: what the call costs is not known. */
const CUT: ReadonlySet<TaskErrorCode> = new Set<TaskErrorCode>([
  'TIMEOUT',
  'DEADLINE',
  'CANCELLED',
  'STALLED',
  'WORKER_LOST',
  'POISON',
]);

const NOTHING = new Amounts();

/** What the estimate of an agent says of a task, and those of other agents. */
interface Need {
  readonly spender: Spender;
  readonly amounts: Amounts;
  readonly next: Need | undefined;
}

/** What one task is expected to use, what it has used, and where that is reserved. */
export class TaskAccount implements Account {
  readonly tenant: string | undefined;
  readonly workflow: string | undefined;
  /** What the estimates of the agents that may take it say. */
  private needs: Need | undefined = undefined;
  /** What is reserved in each of `claims`. */
  private reserved: Amounts | undefined = undefined;
  private claims: readonly Claim[] | undefined = undefined;
  /** What counts in budgets once the task has ended; nobody changes it. */
  private charged: Amounts | undefined = undefined;
  private spent: Amounts | undefined = undefined;
  private hasReported = false;
  private hasEnded: boolean;
  /** What was reported when the task ended. */
  private final: UsageTotals | undefined = undefined;
  /** Of the attempt that runs, if it is counted. */
  attempt: AttemptCount | undefined = undefined;

  constructor({ extras, ended }: Task) {
    this.tenant = extras?.tenant;
    this.workflow = extras?.workflow;
    this.hasEnded = ended;
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

  reserve(claims: readonly Claim[], need: Amounts): void {
    this.claims = claims;
    this.reserved = need;
    for (const claim of claims) claim.reserve(need);
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
    if (this.charged !== undefined) this.charge(new Amounts().add(this.spent!));
  }

  /** The task has ended: what was reserved is settled. Reports that come later are charged still. */
  ended(task: Task, error: Pick<TaskError, 'code'> | undefined): void {
    if (this.hasReported) {
      this.final = this.usage;
      const agent = task.agent as { spender?: Spender } | undefined;
      agent?.spender?.follow(this.spent!);
    }
    this.hasEnded = true;
    if (this.claims === undefined) {
      // Nothing in it that anybody could ask for, and tasks may be held for long.
      if (!this.hasReported && this.tenant === undefined && this.workflow === undefined)
        task.account = undefined;
      return;
    }
    for (const claim of this.claims) claim.release(this.reserved!);
    if (this.stands(task, error)) this.charge(this.reserved!);
    else this.charge(this.spent === undefined ? NOTHING : new Amounts().add(this.spent));
  }

  /** Who says nothing is believed: a call that completed used what was expected, one that failed by itself nothing. */
  private stands(task: Task, error: Pick<TaskError, 'code'> | undefined): boolean {
    if (this.hasReported || task.agent === undefined) return false;
    return error === undefined || CUT.has(error.code);
  }

  private charge(amounts: Amounts): void {
    const before = this.charged ?? NOTHING;
    this.charged = amounts;
    for (const claim of this.claims!) claim.charge(amounts, before);
  }
}
