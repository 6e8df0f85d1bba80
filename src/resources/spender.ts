import { type RateLimit, rateLimitFrom } from '../contract/rate-limit.ts';
import { mayGoUnheard } from '../contract/rejected.ts';
import type { CostPerUnit } from '../contract/resources.ts';
import type { Task } from '../contract/task.ts';
import { describeThrown } from '../contract/thrown.ts';
import { headersBehind } from '../contract/upstream-busy.ts';
import { checkedUsage, type Usage } from '../contract/usage.ts';
import { Amounts, priced } from './amounts.ts';
import type { Resource, Share } from './resource.ts';
import { TaskAccount } from './task-account.ts';

/** What an agent's options say of what it uses. */
export interface SpenderOptions {
  readonly name: string;
  readonly estimate: ((input: never) => Usage) | undefined;
  readonly resources: readonly Resource[];
  /** Called with the price of calls that start; negative for those taken back. */
  readonly charge: (task: Task, price: Amounts) => void;
}

/** An agent, as one that uses resources and money. */
export class Spender {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly hasEstimate: boolean;
  private readonly estimate: SpenderOptions['estimate'];
  private readonly prices: readonly CostPerUnit[];
  private readonly charge: SpenderOptions['charge'];
  /** Price of a call, whatever it uses. */
  private readonly price = new Amounts();
  /** What its calls have used lately, if they report it; stands in for an estimate. */
  readonly usual = new Amounts();

  constructor({ name, estimate, resources, charge }: SpenderOptions) {
    this.name = name;
    this.resources = resources;
    this.estimate = estimate;
    this.hasEstimate = estimate !== undefined;
    this.prices = resources.flatMap(({ options }) => options.costPerUnit ?? []);
    this.charge = charge;
    for (const { requestUsd = 0 } of this.prices) this.price.costUsd += requestUsd;
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
    const need =
      this.estimate === undefined
        ? new Amounts().add(this.usual)
        : priced(this.estimated(input), this.prices);
    return need.add(this.price);
  }

  /** The first of its resources that has never room for so many tokens. */
  tooSmallFor(tokens: number): Resource | undefined {
    return this.hasEstimate ? this.resources.find(({ mostTokens }) => tokens > mostTokens) : undefined;
  }

  /** Whether the task that goes next may start now; closes the resources that have no room for it. */
  admits(task: Task): boolean {
    const tokens = this.tokensOf(task);
    let isAdmitted = true;
    for (const resource of this.resources) {
      if (!resource.admits(task, Math.min(tokens, resource.mostTokens))) isAdmitted = false;
    }
    return isAdmitted;
  }

  /** An attempt is handed to its lane. */
  take(task: Task): void {
    const account = accountOf(task);
    const tokens = this.tokensOf(task);
    account.countedTokens = tokens;
    account.usedTokens = undefined;
    const shares: Share[] = [];
    for (const resource of this.resources) shares.push(resource.take(Math.min(tokens, resource.mostTokens)));
    account.shares = shares;
    if (this.price.costUsd > 0) this.pay(task, account, this.price);
  }

  /** An attempt was taken back before it started. */
  giveBack(task: Task): void {
    const account = accountOf(task);
    const { shares } = account;
    account.shares = undefined;
    if (shares === undefined) return;
    for (let at = 0; at < shares.length; at++) this.resources[at]!.giveBack(shares[at]!);
    if (this.price.costUsd > 0) this.pay(task, account, new Amounts().add(this.price, -1));
  }

  /** An attempt has left its lane. What it did not use of what it was counted with can be used by others. */
  settle(task: Task): void {
    const account = accountOf(task);
    const { shares, countedTokens, usedTokens = countedTokens } = account;
    account.shares = undefined;
    if (shares === undefined) return;
    const unused = Math.max(0, countedTokens - usedTokens);
    for (let at = 0; at < shares.length; at++) this.resources[at]!.settle(shares[at]!, unused);
  }

  /** What a handler reported of its use, with its cost. */
  report(usage: Usage, account: TaskAccount | undefined, isOver: boolean): Amounts {
    const used = priced(usage, this.prices);
    if (account === undefined) return used;
    const before = account.usedTokens ?? 0;
    account.add(used, isOver);
    if (isOver || account.shares === undefined) return used;
    const over = account.usedTokens! - Math.max(account.countedTokens, before);
    if (over > 0) for (const resource of this.resources) resource.overdraw(over);
    return used;
  }

  /** What the provider said of its limits, in answer to a call of the task; `name` is the resource that is meant. */
  learn(rateLimit: RateLimit, account: TaskAccount | undefined, name: string | undefined): void {
    const at = name === undefined ? 0 : this.resources.findIndex((resource) => resource.name === name);
    this.resources[at]?.learn(rateLimit, account?.shares?.[at]);
  }

  /** The provider has too much to do. Which of the resources is meant nobody says: the first. */
  refused(task: Task, cause: unknown, retryAfterMs: number): void {
    const account = task.account as TaskAccount | undefined;
    this.resources[0]?.learn({ ...rateLimitBehind(cause), retryAfterMs }, account?.shares?.[0]);
  }

  private pay(task: Task, account: TaskAccount, price: Amounts): void {
    account.addPrice(price);
    this.charge(task, price);
  }

  private tokensOf(task: Task): number {
    if (!this.hasEstimate) return this.usual.tokens;
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

/** What the engine keeps of the task's use; made for those that were submitted before anybody asked. */
export function accountOf(task: Task): TaskAccount {
  task.account ??= new TaskAccount(task.extras?.tenant, task.extras?.workflow);
  return task.account as TaskAccount;
}
