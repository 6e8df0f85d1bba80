import type { TaskErrorCode } from '../contract/errors.ts';
import type { EngineEvents } from '../contract/events.ts';
import type { Shed } from '../contract/limit.ts';
import type { RateLimit } from '../contract/rate-limit.ts';
import type { BudgetOptions } from '../contract/resources.ts';
import type { CostStats } from '../contract/stats.ts';
import type { AttemptOf, Task } from '../contract/task.ts';
import type { Usage } from '../contract/usage.ts';
import { Amounts } from './amounts.ts';
import { Budgets } from './budgets.ts';
import { CostTotals, totalsOf } from './cost-totals.ts';
import type { Resources } from './resources.ts';
import { accountOf, Spender, type SpenderOptions } from './spender.ts';
import type { TaskAccount } from './task-account.ts';

/** Why a task may not spend what it is expected to. */
export type Refusal = { readonly shed: Shed } | { readonly code: TaskErrorCode; readonly message: string };

/** An agent, as far as it spends. */
export interface Spends {
  readonly spender: Spender;
}

/** Keeps account of what tasks are expected to use, what they have used, and who pays. */
export class Ledger {
  private readonly resources: Resources;
  private readonly budgets: Budgets;
  private readonly total = new Amounts();
  private readonly byAgent = new CostTotals();
  private readonly byTenant = new CostTotals();
  private readonly byWorkflow = new CostTotals();
  private readonly byResource = new CostTotals();

  constructor(
    resources: Resources,
    budgets: readonly BudgetOptions[],
    wallNow: () => number,
    tell: (event: EngineEvents['budget']) => void,
  ) {
    this.resources = resources;
    this.budgets = new Budgets(budgets, wallNow, tell);
  }

  /** Whether every task has to be looked at. */
  get hasBudgets(): boolean {
    return this.budgets.size > 0;
  }

  /**
   * Opens an account for a task that was let in: what each of the agents that may take it expects it to use, and what of
   * that is reserved in budgets. Gives the reason if it may not go on.
   */
  admit(task: Task, agents: readonly Spends[]): Refusal | undefined {
    const account = accountOf(task);
    let most: Amounts | undefined;
    for (const agent of agents) {
      const { spender } = agent;
      if (!spender.hasEstimate && !this.hasBudgets) continue;
      let need: Amounts;
      try {
        need = spender.expected(task.extras?.inputs?.byAgent.get(agent as never) ?? task.payload);
      } catch (error) {
        return { code: 'ESTIMATE_FAILED', message: (error as Error).message };
      }
      if (spender.hasEstimate) account.expect(spender, need);
      const tooSmall = spender.tooSmallFor(need.tokens);
      if (tooSmall !== undefined) return neverFits(spender, need, tooSmall);
      most = most === undefined ? need : new Amounts().add(most).raise(need);
    }
    if (!this.hasBudgets || most === undefined) return undefined;
    const claims = this.budgets.claim(account.tenant, account.workflow, most);
    if ('reason' in claims) return { shed: claims };
    account.reserve(claims, most);
    return undefined;
  }

  /** A handler reports what its call has used. */
  report(task: Task, usage: Usage, { agent, isOver }: AttemptOf): void {
    if (agent === undefined) return;
    const { spender } = agent as unknown as Spends;
    this.record(task, spender, spender.report(usage, accountOf(task), isOver));
  }

  /** A handler reports what its provider said of its limits. */
  learn(task: Task, rateLimit: RateLimit, resource: string | undefined, by: AttemptOf): void {
    const agent = by.agent as unknown as Spends | undefined;
    const account = by.isOver ? undefined : (task.account as TaskAccount | undefined);
    agent?.spender.learn(rateLimit, account, resource);
  }

  /**
   * An agent, as the ledger sees it.
   * @throws ConfigError for the name of a resource that there is not
   */
  spender(name: string, estimate: SpenderOptions['estimate'], resources: readonly string[]): Spender {
    const spender: Spender = new Spender({
      name,
      estimate,
      resources: this.resources.named(name, resources),
      charge: (task, price) => this.record(task, spender, price),
    });
    return spender;
  }

  private record(task: Task, spender: Spender, used: Amounts): void {
    const { tenant, workflow } = accountOf(task);
    spender.totals ??= [
      this.total,
      this.byAgent.of(spender.name),
      ...spender.resources.map(({ name }) => this.byResource.of(name)),
    ];
    for (const total of spender.totals) total.add(used);
    if (tenant !== undefined) this.byTenant.of(tenant).add(used);
    if (workflow !== undefined) this.byWorkflow.of(workflow).add(used);
  }

  stats(): CostStats {
    return {
      total: totalsOf(this.total),
      byAgent: this.byAgent.stats(),
      byTenant: this.byTenant.stats(),
      byWorkflow: this.byWorkflow.stats(),
      resources: this.resources.stats((name) => totalsOf(this.byResource.get(name) ?? new Amounts())),
      budgets: this.budgets.stats(),
    };
  }
}

function neverFits(
  spender: Spender,
  need: Amounts,
  { name, mostTokens, windowMs }: Resources['all'][number],
): Refusal {
  const message = `agent "${spender.name}": the task is expected to use ${need.tokens} tokens, and resource "${name}" never has more than ${mostTokens} in ${windowMs} ms; make the input smaller, or raise tokensPerMinute`;
  return { code: 'RESOURCE_TOO_SMALL', message };
}
