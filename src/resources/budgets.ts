import type { EngineEvents } from '../contract/events.ts';
import type { Shed } from '../contract/limit.ts';
import { BOUNDS } from '../contract/option-values.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { BudgetOptions } from '../contract/resources.ts';
import type { BudgetStats } from '../contract/stats.ts';
import type { Amounts } from './amounts.ts';
import { BudgetAccount } from './budget.ts';

const DAY_MS = 86_400_000;
/** Days whose accounts are kept, the latest: a clock that is set back finds what was spent then. */
const DAYS_KEPT = 4;
const EVERYBODY = '*';
/** When to come back for room that calls in flight may leave, in milliseconds. */
const SOON_MS = 1_000;

/** Where a task's spending is reserved and charged. */
export type Claim = Pick<BudgetAccount, 'reserve' | 'release' | 'charge'>;

/** One budget of the options, with an account for each of those whom it is for, each day. */
class Budget {
  private readonly options: BudgetOptions;
  private readonly name: string;
  private readonly tell: (event: EngineEvents['budget']) => void;
  /** The account that was asked for last, and by what: mostly it is the same again. */
  private latest: BudgetAccount | undefined = undefined;
  private latestKey = '';
  private latestDay = Number.NaN;
  /** By day, the latest last. */
  private readonly days = new Map<number, Map<string, BudgetAccount>>();

  constructor(options: BudgetOptions, tell: (event: EngineEvents['budget']) => void) {
    const { name, tenant, workflow, per = DEFAULTS.budget.per } = options;
    this.options = options;
    this.name =
      name ??
      [tenant && `tenant ${tenant}`, workflow && `workflow ${workflow}`, per].filter(Boolean).join(' ');
    this.tell = tell;
  }

  isFor(tenant: string | undefined, workflow: string | undefined): boolean {
    return isAsked(this.options.tenant, tenant) && isAsked(this.options.workflow, workflow);
  }

  account(tenant: string | undefined, workflow: string | undefined, today: number): BudgetAccount {
    const day = this.options.per === 'day' ? today : 0;
    const key = this.keyOf(tenant, workflow);
    if (day === this.latestDay && key === this.latestKey) return this.latest!;
    this.latest = this.find(key, tenant, workflow, day);
    this.latestKey = key;
    this.latestDay = day;
    return this.latest;
  }

  private find(
    key: string,
    tenant: string | undefined,
    workflow: string | undefined,
    day: number,
  ): BudgetAccount {
    const accounts = this.accountsOf(day);
    const account = accounts.get(key);
    if (account !== undefined) return account;
    const whose = {
      tenant: this.options.tenant === undefined ? undefined : tenant,
      workflow: this.options.workflow === undefined ? undefined : workflow,
      day,
    };
    // Beyond the bound all share one account: who makes up names gets nothing by it.
    const isFull = accounts.size >= DEFAULTS.budget.names;
    if (isFull && accounts.has(EVERYBODY)) return accounts.get(EVERYBODY)!;
    const others = { tenant: EVERYBODY, workflow: undefined, day };
    const made = new BudgetAccount(this.name, this.options, isFull ? others : whose, this.tell);
    accounts.set(isFull ? EVERYBODY : key, made);
    return made;
  }

  /** Apart for each that `*` stands for; in front the length of the first name, so that no two pairs look alike. */
  private keyOf(tenant: string | undefined, workflow: string | undefined): string {
    const byTenant = this.options.tenant === EVERYBODY;
    const byWorkflow = this.options.workflow === EVERYBODY;
    if (!byTenant) return byWorkflow ? `w${workflow}` : '';
    return byWorkflow ? `${tenant!.length} ${tenant}${workflow}` : `t${tenant}`;
  }

  /** Those of today, or of the whole life. */
  stats(today: number): BudgetStats[] {
    const accounts = this.days.get(this.options.per === 'day' ? today : 0);
    return [...(accounts?.values() ?? [])].map((account) => account.stats());
  }

  private accountsOf(day: number): Map<string, BudgetAccount> {
    let accounts = this.days.get(day);
    if (accounts === undefined) {
      accounts = new Map();
      this.days.set(day, accounts);
      const [oldest] = this.days.keys();
      if (this.days.size > DAYS_KEPT) this.days.delete(oldest!);
    }
    return accounts;
  }
}

/** All budgets: who may go on spending. */
export class Budgets {
  private readonly budgets: readonly Budget[];
  private readonly wallNow: () => number;
  /** Whether it matters which day it is: the clock is dear to read for every task. */
  private readonly isDaily: boolean;
  /** Whom was asked for last, and on which day: mostly it is the same again. */
  private latestTenant: string | undefined = undefined;
  private latestWorkflow: string | undefined = undefined;
  private latestDay = Number.NaN;
  private latest: readonly BudgetAccount[] = [];

  constructor(
    options: readonly BudgetOptions[],
    wallNow: () => number,
    tell: (event: EngineEvents['budget']) => void,
  ) {
    this.budgets = options.map((one) => new Budget(one, tell));
    this.wallNow = wallNow;
    this.isDaily = options.some(({ per = DEFAULTS.budget.per }) => per === 'day');
  }

  get size(): number {
    return this.budgets.length;
  }

  /** The accounts that a task's spending counts in, or why it may not spend so much. Nothing is reserved yet. */
  claim(
    tenant: string | undefined,
    workflow: string | undefined,
    need: Amounts,
  ): readonly BudgetAccount[] | Shed {
    const wallMs = this.isDaily ? this.wallNow() : 0;
    const accounts = this.accounts(tenant, workflow, Math.floor(wallMs / DAY_MS));
    for (const account of accounts) {
      const refusal = account.refuses(need);
      if (refusal === undefined) continue;
      const { load, maySoon, why } = refusal;
      const retryAfterMs = maySoon ? SOON_MS : newDayInMs(account.options, wallMs);
      return { reason: 'budget-exhausted', load, retryAfterMs, why };
    }
    return accounts;
  }

  /** Those of all budgets that are for the task. */
  private accounts(
    tenant: string | undefined,
    workflow: string | undefined,
    today: number,
  ): readonly BudgetAccount[] {
    const isLatest = tenant === this.latestTenant && workflow === this.latestWorkflow;
    if (isLatest && today === this.latestDay) return this.latest;
    const accounts: BudgetAccount[] = [];
    for (const budget of this.budgets) {
      if (budget.isFor(tenant, workflow)) accounts.push(budget.account(tenant, workflow, today));
    }
    this.latestTenant = tenant;
    this.latestWorkflow = workflow;
    this.latestDay = today;
    this.latest = accounts;
    return accounts;
  }

  stats(): BudgetStats[] {
    const today = Math.floor(this.wallNow() / DAY_MS);
    return this.budgets.flatMap((budget) => budget.stats(today)).slice(0, DEFAULTS.cost.names);
  }
}

/** When there is a new budget: tomorrow, or never. */
function newDayInMs({ per }: BudgetOptions, wallMs: number): number {
  return per === 'day' ? DAY_MS - (wallMs % DAY_MS) : BOUNDS.timeoutMs;
}

function isAsked(wanted: string | undefined, given: string | undefined): boolean {
  return wanted === undefined || wanted === given || (wanted === EVERYBODY && given !== undefined);
}
