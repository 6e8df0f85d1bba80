import type { TaskError, TaskErrorCode } from '../contract/errors.ts';
import type { Task } from '../contract/task.ts';
import type { Account } from '../contract/task-extras.ts';
import { Amounts } from './amounts.ts';
import type { Claim } from './budgets.ts';

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

/** What is reserved in budgets for a task. One serves all tasks of which the same is expected, and knows none of them. */
export class Reservation implements Account {
  readonly tenant: string | undefined;
  readonly workflow: string | undefined;
  readonly claims: readonly Claim[];
  readonly need: Amounts;
  readonly usage = undefined;

  constructor(
    tenant: string | undefined,
    workflow: string | undefined,
    claims: readonly Claim[],
    need: Amounts,
  ) {
    this.tenant = tenant;
    this.workflow = workflow;
    this.claims = claims;
    this.need = need;
  }

  /** For one task more. */
  reserve(): void {
    for (const claim of this.claims) claim.reserve(this.need);
  }

  release(): void {
    for (const claim of this.claims) claim.release(this.need);
  }

  /** A task that has reported nothing has ended. */
  ended(task: Task, error: Pick<TaskError, 'code'> | undefined): void {
    this.release();
    this.charge(this.presumed(task, error), NOTHING);
  }

  charge(spent: Amounts, before: Amounts): void {
    for (const claim of this.claims) claim.charge(spent, before);
  }

  /** Who says nothing is believed: a call that completed used what was expected, one that failed by itself nothing. */
  presumed(task: Task, error: Pick<TaskError, 'code'> | undefined): Amounts {
    if (task.agent === undefined) return NOTHING;
    return error === undefined || CUT.has(error.code) ? this.need : NOTHING;
  }
}
