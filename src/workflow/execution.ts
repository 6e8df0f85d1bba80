import type { Clock } from '../contract/clock.ts';
import type { TaskOptions } from '../contract/handle.ts';
import type { OfWaiter, Waiter } from '../contract/waiter.ts';
import type { WorkflowResult } from '../contract/workflow.ts';
import type { AnyContext, StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import type { CriticalPath } from './critical-path.ts';
import type { Command } from './decide.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { Sender } from './sender.ts';
import type { RunState } from './state.ts';

/** A step that is running: the edge where something is done. It tells the run what came of it by commands. */
export interface Execution {
  /** Which try of the step it is. */
  readonly attempt: number;
  /** Goes on where it could not: a place is free, the run was resumed, a signal or an answer has come. */
  wake(): void;
  /** Something has ended of which it has not told yet. */
  readonly hasUntold?: boolean;
  /** Somebody wants a parked item to be tried again. */
  tryAgain?(item: number): void;
  /** These have failed, as far as they have begun and not ended. Gives how many there are. */
  cancelItems?(items: ReadonlySet<number>): number;
  /** Ends the work. The command `stopped` follows once nothing of it runs any more, unless it ended otherwise. */
  stop(dependents: Dependents, why: string): void;
  /** The step has ended without it: what still runs is cancelled, and its ends are of no interest. */
  dispose(): void;
}

/**
 * The last one that has ended of each kind of step: keeps the hidden classes of executions and items for the next run of the
 * engine, see `Task.kept`.
 */
export type KeptClasses = Map<StepDefinition['kind'], Execution>;

/** One that has to be begun. */
export interface StartableExecution extends Execution {
  start(): void;
}

/** What an execution knows of its run. */
export interface RunPort {
  readonly plan: Plan;
  readonly state: RunState;
  readonly clock: Clock;
  readonly sender: Sender;
  readonly criticalPath: CriticalPath;
  /** Wall time in milliseconds since the epoch, as events carry it. */
  wallNow(): number;
  command(command: Command): void;
  /** Input of the workflow, and outputs of what the step needs. */
  contextOf(step: PlanStep): AnyContext;
  taskOptionsOf(step: PlanStep): TaskOptions & OfWaiter;
  /** The priority of a step's tasks. */
  levelOf(step: number): number;
  /** One more task may be under way. Who is refused is woken when there is a place. */
  takePlace(who: Execution): boolean;
  givePlace(): void;
  /** Whether new work may be started. */
  readonly mayStart: boolean;
  startChild(child: ChildStart): ChildRun;
}

/** A run to be started inside of another, or found where it was left. */
export interface ChildStart {
  readonly workflow: Workflow;
  readonly input: unknown;
  /** Of its step, and after a slash of its item or turn. */
  readonly name: string;
  /** The step that waits for it. */
  readonly waiter: Waiter;
  /** Only if the journal has it: it is to come to its end. One that it does not have never began. */
  readonly isKept: boolean;
}

/** A run inside of another. */
export interface ChildRun {
  readonly ended: Promise<WorkflowResult>;
  cancel(): void;
}
