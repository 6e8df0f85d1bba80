import { classOf } from '../admission/priority-class.ts';
import { TaskError } from '../contract/errors.ts';
import type { Task } from '../contract/task.ts';
import type { Spender } from '../resources/spender.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { FailedAttempts } from './attempt.ts';
import { adaptInput } from './input.ts';
import type { Route } from './route.ts';
import type { Settlement } from './settlement.ts';

/** Looks at the task that goes next, before it is started. */
export class HeadCheck {
  private readonly settlement: Settlement;
  private readonly failures: FailedAttempts;
  private readonly withdraw: (task: Task) => void;
  private readonly shedsLate: boolean;

  /** @param shedsLate whether tasks that can no longer meet their objective are shed when their turn comes */
  constructor(
    settlement: Settlement,
    failures: FailedAttempts,
    withdraw: (task: Task) => void,
    shedsLate: boolean,
  ) {
    this.settlement = settlement;
    this.failures = failures;
    this.withdraw = withdraw;
    this.shedsLate = shedsLate;
  }

  /** Whether it can be started now. One that is too late is shed, one that does not suit the agent fails. */
  isFit(route: Route, agent: AgentEntry, nowMs: number): boolean {
    if (this.shedsLate && this.isShed(route, nowMs)) return false;
    if ((route.hasSchema || route.kind !== 'agent') && !this.suits(route, agent)) return false;
    return agent.draws === undefined || this.hasResources(route, agent.draws, nowMs);
  }

  private isShed({ queue, flow }: Route, nowMs: number): boolean {
    const task = queue.peek()!;
    const waitedMs = nowMs - task.enqueuedAtMs;
    if (task.patient || !flow.station.isLate(flow, classOf(task.level), waitedMs)) return false;
    this.withdraw(task);
    this.settlement.shedLate(task, flow, waitedMs, nowMs);
    return true;
  }

  /** One that has to wait for a resource closes it, so that its agent has no room. */
  private hasResources({ queue }: Route, draws: Spender, nowMs: number): boolean {
    const task = queue.peek()!;
    try {
      return draws.admits(task, nowMs);
    } catch (error) {
      this.withdraw(task);
      const { message } = error as Error;
      this.failures.refuse(
        task,
        new TaskError('ESTIMATE_FAILED', task.id, draws.name, message, { cause: error }),
      );
      return false;
    }
  }

  private suits({ queue }: Route, agent: AgentEntry): boolean {
    const task = queue.peek()!;
    try {
      adaptInput(task, agent);
      return true;
    } catch (error) {
      this.withdraw(task);
      const message = error instanceof Error ? error.message : String(error);
      this.failures.refuse(task, new TaskError('INPUT_INVALID', task.id, undefined, message));
      return false;
    }
  }
}
