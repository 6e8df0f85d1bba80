import type { TaskError, TaskErrorCode } from '../contract/errors.ts';
import type { Task } from '../contract/task.ts';
import type { Account } from '../contract/task-extras.ts';
import { Amounts } from './amounts.ts';
import type { ByUnit } from './budget.ts';
import type { Claim } from './budgets.ts';
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

const NOTHING: ByUnit = { usd: 0, tokens: 0 };
/** Weight of a new measurement in what is usual. */
const SMOOTHING = 1 / 32;

/** What one task is expected to use, what it has used, and where that is reserved. */
export class TaskAccount implements Account {
  readonly tenant: string | undefined;
  readonly workflow: string | undefined;
  /** What the estimates of the agents that may take it say; the first agent's apart, for most tasks have one. */
  private spender: Spender | undefined = undefined;
  private need: Amounts | undefined = undefined;
  private others: Map<Spender, Amounts> | undefined = undefined;
  /** What is reserved in each of `claims`. */
  private reserved: Amounts | undefined = undefined;
  private claims: readonly Claim[] | undefined = undefined;
  /** What counts in budgets once the task has ended. */
  private charged: ByUnit | undefined = undefined;
  private readonly spent = new Amounts();
  private hasReported = false;
  /** Of the attempt that runs: its parts of the agent's resources, tokens counted with them, and tokens used. */
  shares: Share[] | undefined = undefined;
  countedTokens = 0;
  /** `undefined` until it reports some. */
  usedTokens: number | undefined = undefined;

  constructor(tenant: string | undefined, workflow: string | undefined) {
    this.tenant = tenant;
    this.workflow = workflow;
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
    this.spent.add(price);
  }

  /** A handler has reported what it used; `isOver` for one of an attempt that has ended. */
  add(used: Amounts, isOver: boolean): void {
    this.spent.add(used);
    this.hasReported = true;
    if (!isOver && this.shares !== undefined) this.usedTokens = (this.usedTokens ?? 0) + used.tokens;
    if (this.charged !== undefined) this.charge(this.spent);
  }

  /** The task has ended: what was reserved is settled. Reports that come later are charged still. */
  ended(task: Task, error: TaskError | undefined): void {
    if (this.hasReported) {
      const agent = task.agent as { spender?: Spender } | undefined;
      agent?.spender?.usual.follow(this.spent, SMOOTHING);
    }
    if (this.claims === undefined) return;
    for (const claim of this.claims) claim.release(this.reserved!);
    this.charge(this.stands(task, error) ? this.reserved! : this.spent);
  }

  /** Who says nothing is believed: a call that completed used what was expected, one that failed by itself nothing. */
  private stands(task: Task, error: TaskError | undefined): boolean {
    if (this.hasReported || task.agent === undefined) return false;
    return error === undefined || CUT.has(error.code);
  }

  private charge({ costUsd, tokens }: Amounts): void {
    const before = this.charged ?? NOTHING;
    this.charged = { usd: costUsd, tokens };
    const change = { usd: costUsd - before.usd, tokens: tokens - before.tokens };
    for (const claim of this.claims!) claim.charge(change);
  }
}
