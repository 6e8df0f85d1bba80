import type { TaskErrorCode } from '../contract/errors.ts';
import type { EngineEvents } from '../contract/events.ts';
import type { Shed } from '../contract/limit.ts';
import type { RateLimit } from '../contract/rate-limit.ts';
import type { BudgetOptions } from '../contract/resources.ts';
import type { CostStats } from '../contract/stats.ts';
import type { AttemptOf, Task } from '../contract/task.ts';
import type { Usage } from '../contract/usage.ts';
import { Amounts } from './amounts.ts';
import type { AttemptCount } from './attempt-count.ts';
import { Budgets } from './budgets.ts';
import { CostTotals, totalsOf } from './cost-totals.ts';
import { Reservation } from './reservation.ts';
import type { Resources } from './resources.ts';
import { accountOf, Spender, type SpenderOptions } from './spender.ts';

/** Why a task may not spend what it is expected to. */
export type Refusal = { readonly shed: Shed } | { readonly code: TaskErrorCode; readonly message: string };

/** Of a task that was submitted for nobody in particular. */
const NOBODY = { tenant: undefined, workflow: undefined };

/** An agent, as far as it spends. */
export interface Spends {
  readonly spender: Spender;
}

/** Keeps account of what tasks are expected to use, what they have used, and who pays. */
export class Ledger {
  private readonly resources: Resources;
  private readonly budgets: Budgets;
  /** What was reserved last: mostly it is the same again. */
  private latest: Reservation | undefined = undefined;
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
      if (spender.hasEstimate) accountOf(task).expect(spender, need);
      const tooSmall = spender.tooSmallFor(need.tokens);
      if (tooSmall !== undefined) return neverFits(spender, need, tooSmall);
      most = most === undefined ? need : new Amounts().add(most).raise(need);
    }
    return this.hasBudgets && most !== undefined ? this.reserve(task, most) : undefined;
  }

  private reserve(task: Task, need: Amounts): Refusal | undefined {
    const { tenant, workflow } = task.extras ?? NOBODY;
    const claims = this.budgets.claim(tenant, workflow, need);
    if ('reason' in claims) return { shed: claims };
    if (this.latest?.claims !== claims || this.latest.need !== need)
      this.latest = new Reservation(tenant, workflow, claims, need);
    this.latest.reserve();
    if (task.account === undefined) task.account = this.latest;
    else accountOf(task).reservation = this.latest;
    return undefined;
  }

  /** A handler reports what its call has used. */
  report(task: Task, usage: Usage, { agent, isOver }: AttemptOf): void {
    if (agent === undefined) return;
    const { spender } = agent as unknown as Spends;
    this.record(task, spender, spender.report(task, usage, isOver));
  }

  /** A handler reports what its provider said of its limits. */
  learn(task: Task, rateLimit: RateLimit, resource: string | undefined, by: AttemptOf): void {
    const agent = by.agent as unknown as Spends | undefined;
    const counted = by.isOver ? undefined : (task.counted as AttemptCount | undefined);
    agent?.spender.learn(rateLimit, counted, resource);
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
