import { type RateLimit, rateLimitFrom } from '../contract/rate-limit.ts';
import { mayGoUnheard } from '../contract/rejected.ts';
import type { CostPerUnit } from '../contract/resources.ts';
import type { Task } from '../contract/task.ts';
import { describeThrown } from '../contract/thrown.ts';
import { headersBehind } from '../contract/upstream-busy.ts';
import { checkedUsage, type Usage } from '../contract/usage.ts';
import { Amounts, priced } from './amounts.ts';
import { type AttemptCount, SpareCounts } from './attempt-count.ts';
import type { Reservation } from './reservation.ts';
import type { Resource } from './resource.ts';
import { TaskAccount } from './task-account.ts';

/** What an agent's options say of what it uses. */
export interface SpenderOptions {
  readonly name: string;
  readonly estimate: ((input: never) => Usage) | undefined;
  readonly resources: readonly Resource[];
  /** Called with the price of calls that start; negative for those taken back. */
  readonly charge: (task: Task, price: Amounts) => void;
}

/** Weight of a new measurement in what is usual. */
const SMOOTHING = 1 / 32;

/** An agent, as one that uses resources and money. */
export class Spender {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly hasEstimate: boolean;
  private readonly estimate: SpenderOptions['estimate'];
  private readonly prices: readonly CostPerUnit[];
  private readonly charge: SpenderOptions['charge'];
  /** The sums that count all it uses; set when it has used something. */
  totals: readonly Amounts[] | undefined = undefined;
  private readonly spare = new SpareCounts();
  /** Price of a call, whatever it uses. */
  private readonly price = new Amounts();
  /** What its calls have used lately, if they report it; stands in for an estimate. */
  private readonly usual = new Amounts();
  private usualTokens = 0;
  /** The same with the price of a call, for all tasks that are expected to use it; a new one when it has changed. */
  private usualNeed = new Amounts();

  constructor({ name, estimate, resources, charge }: SpenderOptions) {
    this.name = name;
    this.resources = resources;
    this.estimate = estimate;
    this.hasEstimate = estimate !== undefined;
    this.prices = resources.flatMap(({ options }) => options.costPerUnit ?? []);
    this.charge = charge;
    for (const { requestUsd = 0 } of this.prices) this.price.costUsd += requestUsd;
    this.usualNeed.add(this.price);
  }

  /** A task has reported what it used. */
  follow(used: Amounts): void {
    this.usual.follow(used, SMOOTHING);
    this.usualTokens = this.usual.tokens;
    this.usualNeed = new Amounts().add(this.usual).add(this.price);
  }

  /** Whether one of its resources has no room for whoever goes next. */
  get isClosed(): boolean {
    for (const resource of this.resources) if (resource.isClosed) return true;
    return false;
  }

  /**
   * What a task with this input is expected to use.
   * @throws Error that says what the agent's `estimate` did instead of saying so
   */
  expected(input: unknown): Amounts {
    if (this.estimate === undefined) return this.usualNeed;
    return priced(this.estimated(input), this.prices).add(this.price);
  }

  /** The first of its resources that has never room for so many tokens. */
  tooSmallFor(tokens: number): Resource | undefined {
    return this.hasEstimate ? this.resources.find(({ mostTokens }) => tokens > mostTokens) : undefined;
  }

  /**
   * Whether the task that goes next may start now; closes the resources that have no room for it.
   * @param beforeMs a time not long ago
   */
  admits(task: Task, beforeMs: number): boolean {
    const tokens = this.tokensOf(task);
    let isAdmitted = true;
    for (const resource of this.resources) if (!resource.admits(task, tokens, beforeMs)) isAdmitted = false;
    return isAdmitted;
  }

  /** An attempt is handed to its lane. */
  take(task: Task): void {
    for (const resource of this.resources) resource.take();
    if (this.isCounted) this.count(task);
    if (this.price.costUsd > 0) this.pay(task, this.price);
  }

  /** An attempt was taken back before it started; `settle` follows. */
  giveBack(task: Task): void {
    const { resources } = this;
    const counted = task.counted as AttemptCount | undefined;
    for (let at = 0; at < resources.length; at++) {
      resources[at]!.calls--;
      if (counted !== undefined) resources[at]!.uncount(counted.expectedTokens, counted.at(at));
    }
    task.counted = undefined;
    if (this.price.costUsd > 0) this.pay(task, new Amounts().add(this.price, -1));
  }

  /** An attempt has left its lane. What it did not use of what it was counted with can be used by others. */
  settle(task: Task): void {
    const { resources } = this;
    const counted = task.counted as AttemptCount | undefined;
    if (counted !== undefined) {
      task.counted = undefined;
      const { unusedTokens, expectedTokens } = counted;
      if (unusedTokens > 0) {
        for (let at = 0; at < resources.length; at++)
          resources[at]!.refund(unusedTokens, expectedTokens, counted.at(at));
      }
      this.spare.putBack(counted);
    }
    for (const resource of resources) resource.leave();
  }

  /** What a handler reported of its use, with its cost. */
  report(task: Task, usage: Usage, isOver: boolean): Amounts {
    const used = priced(usage, this.prices);
    accountOf(task).add(used);
    const counted = task.counted as AttemptCount | undefined;
    if (isOver || counted === undefined) return used;
    const over = counted.use(used.tokens);
    if (over > 0) for (const resource of this.resources) resource.overdraw(over);
    return used;
  }

  /** What the provider said of its limits, in answer to a call of the task; `name` is the resource that is meant. */
  learn(rateLimit: RateLimit, counted: AttemptCount | undefined, name: string | undefined): void {
    const at = name === undefined ? 0 : this.resources.findIndex((resource) => resource.name === name);
    this.resources[at]?.learn(rateLimit, counted?.at(at));
  }

  /** The provider has too much to do. Which of the resources is meant nobody says: the first. */
  refused(task: Task, cause: unknown, retryAfterMs: number): void {
    const counted = task.counted as AttemptCount | undefined;
    this.resources[0]?.learn({ ...rateLimitBehind(cause), retryAfterMs }, counted);
  }

  /** Whether calls are counted by the minute. */
  private get isCounted(): boolean {
    for (const resource of this.resources) if (resource.isRated) return true;
    return false;
  }

  private count(task: Task): void {
    // A call may report after its task has ended, when nobody knows any more whose it was.
    if (task.extras?.tenant !== undefined || task.extras?.workflow !== undefined) accountOf(task);
    const tokens = this.tokensOf(task);
    const counted = this.spare.take(tokens);
    task.counted = counted;
    for (let at = 0; at < this.resources.length; at++) this.resources[at]!.count(tokens, counted.at(at));
  }

  private pay(task: Task, price: Amounts): void {
    accountOf(task).addPrice(price);
    this.charge(task, price);
  }

  private tokensOf(task: Task): number {
    if (!this.hasEstimate) return this.usualTokens;
    const account = accountOf(task);
    let need = account.needOf(this);
    if (need === undefined) {
      // The agent has joined since the task was submitted.
      need = this.expected(task.payload);
      account.expect(this, need);
    }
    return need.tokens;
  }

  private estimated(input: unknown): Usage {
    let usage: unknown;
    try {
      usage = this.estimate!(input as never);
    } catch (error) {
      throw new Error(`agent "${this.name}": its estimate threw: ${describeThrown(error)}`, { cause: error });
    }
    if (usage instanceof Promise) mayGoUnheard(usage);
    return checkedUsage(usage, `agent "${this.name}": estimate`);
  }
}

/** What an error's headers say; what was thrown may be anything. */
function rateLimitBehind(cause: unknown): RateLimit | undefined {
  try {
    return rateLimitFrom(headersBehind(cause));
  } catch {
    // No headers, then: the refusal itself is taken in all the same.
    return undefined;
  }
}

/** What the engine keeps of the task's use; made for those of which nobody has asked before. */
export function accountOf(task: Task): TaskAccount {
  const { account } = task;
  if (account instanceof TaskAccount) return account;
  const own = new TaskAccount(task, account as Reservation | undefined);
  task.account = own;
  return own;
}
