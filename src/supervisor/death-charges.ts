import type { Clock } from '../contract/clock.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import { RestartBudget, type RestartBudgetOptions } from './restart-budget.ts';

/**
 * What agents are charged for threads and child processes that their tasks cost. As long as a death counts against an
 * agent its tasks travel alone: another one that hangs takes no results of batch-mates along that have not been sent.
 */
export class DeathCharges {
  readonly bounds: RestartBudgetOptions;
  private readonly clock: Clock;
  private readonly budgets = new Map<AgentEntry, RestartBudget>();
  /** Takes back the timers after which agents may share batches again. */
  private readonly reunions = new Map<AgentEntry, () => void>();

  constructor(clock: Clock, bounds: RestartBudgetOptions) {
    this.clock = clock;
    this.bounds = bounds;
  }

  /** Enters a death; false if it was one too many. */
  charge(agent: AgentEntry): boolean {
    let budget = this.budgets.get(agent);
    if (budget === undefined) {
      budget = new RestartBudget(this.bounds);
      this.budgets.set(agent, budget);
    }
    this.keepApart(agent);
    return budget.spend(this.clock.now());
  }

  forget(agent: AgentEntry): void {
    this.budgets.delete(agent);
    this.reunions.get(agent)?.();
    this.reunions.delete(agent);
  }

  close(): void {
    for (const cancel of this.reunions.values()) cancel();
    this.reunions.clear();
  }

  private keepApart(agent: AgentEntry): void {
    agent.mayBatch = false;
    this.reunions.get(agent)?.();
    const reunite = () => {
      this.reunions.delete(agent);
      agent.mayBatch = agent.idempotent;
    };
    this.reunions.set(agent, this.clock.schedule(this.bounds.windowMs, reunite, true));
  }
}
