import type { TaskError, TaskErrorCode } from '../contract/errors.ts';
import type { UsageTotals } from '../contract/stats.ts';
import type { Task } from '../contract/task.ts';
import type { Account } from '../contract/task-extras.ts';
import { Amounts } from './amounts.ts';
import type { Claim } from './budgets.ts';
import { totalsOf } from './cost-totals.ts';
import type { Share } from './resource.ts';
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

/** A part of one of the other resources of an agent. */
class OtherShare implements Share {
  part = 0;
  requestsLeft = Number.NaN;
  tokensLeft = Number.NaN;
}

/**
 * What one task is expected to use, what it has used, and where that is reserved. It is the share of the first resource
 * as well: most tasks need no other object for all of it.
 */
export class TaskAccount implements Account, Share {
  readonly tenant: string | undefined;
  readonly workflow: string | undefined;
  /** What the estimates of the agents that may take it say; the first agent's apart, for most tasks have one. */
  private spender: Spender | undefined = undefined;
  private need: Amounts | undefined = undefined;
  private others: Map<Spender, Amounts> | undefined = undefined;
  /** What is reserved in each of `claims`. */
  private reserved: Amounts | undefined = undefined;
  private claims: readonly Claim[] | undefined = undefined;
  /** What counts in budgets once the task has ended; nobody changes it. */
  private charged: Amounts | undefined = undefined;
  private spent: Amounts | undefined = undefined;
  private hasReported = false;
  private hasEnded = false;
  /** What was reported when the task ended. */
  private final: UsageTotals | undefined = undefined;
  /** Whether an attempt runs that is counted: tokens counted with it, and tokens used. */
  isCounted = false;
  countedTokens = 0;
  /** `undefined` until it reports some. */
  usedTokens: number | undefined = undefined;
  part = 0;
  requestsLeft = Number.NaN;
  tokensLeft = Number.NaN;
  private otherShares: OtherShare[] | undefined = undefined;

  constructor(tenant: string | undefined, workflow: string | undefined) {
    this.tenant = tenant;
    this.workflow = workflow;
  }

  /** The running attempt's share of its agent's resources, by their order. */
  shareAt(at: number): Share {
    if (at === 0) return this;
    this.otherShares ??= [];
    while (this.otherShares.length < at) this.otherShares.push(new OtherShare());
    return this.otherShares[at - 1]!;
  }

  get usage(): UsageTotals | undefined {
    if (this.hasEnded || !this.hasReported) return this.final;
    return totalsOf(this.spent!);
  }

  /** What the agent's estimate says of the task, if that is known. */
  needOf(spender: Spender): Amounts | undefined {
    return spender === this.spender ? this.need : this.others?.get(spender);
  }

  expect(spender: Spender, need: Amounts): void {
    if (this.spender === undefined) {
      this.spender = spender;
      this.need = need;
      return;
    }
    this.others ??= new Map();
    this.others.set(spender, need);
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

  /** A handler has reported what it used; `isOver` for one of an attempt that has ended. */
  add(used: Amounts, isOver: boolean): void {
    this.addPrice(used);
    this.hasReported = true;
    if (!isOver && this.isCounted) this.usedTokens = (this.usedTokens ?? 0) + used.tokens;
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
    if (this.claims === undefined) return;
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
