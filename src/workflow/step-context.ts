import type { TaskOptions } from '../contract/handle.ts';
import { priorityLevel } from '../contract/options.ts';
import { type OfWaiter, WAITER } from '../contract/waiter.ts';
import type { StartOptions } from '../contract/workflow.ts';
import type { AnyContext } from '../contract/workflow-definition.ts';
import type { RunPort } from './execution.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { RunOptions } from './run-parts.ts';
import type { RunState } from './state.ts';
import { StepWaiter, type WaitingRun } from './step-waiter.ts';

/** What functions of a step see: input of the workflow, and outputs of what it needs. */
export function contextOf(plan: Plan, state: RunState, { needs }: PlanStep): AnyContext {
  const context: Record<string, unknown> = { input: state.input };
  for (const need of needs) {
    const step = state.steps[need]!;
    const { name } = plan.steps[need]!.definition;
    // Its outputs are gone, and the reduction that had them is all that could ask.
    if (plan.folds.has(need)) continue;
    if (step.status === 'succeeded') context[name] = step.output;
    else if ('hasValue' in step) context[name] = step.hasValue ? step.value : { $missing: step.error };
  }
  return context;
}

/** What a step's tasks are submitted with. */
export function taskOptionsOf(run: WaitingRun, step: PlanStep, asked: RunOptions): TaskOptions & OfWaiter {
  const { definition } = step;
  const { tenant, tags } = asked;
  const priority = definition.priority ?? asked.priority;
  return {
    workflow: run.plan.workflow.id,
    [WAITER]: new StepWaiter(run, step, asked.within),
    ...(priority !== undefined && { priority }),
    ...(definition.timeoutMs !== undefined && { timeoutMs: definition.timeoutMs }),
    ...(tenant !== undefined && { tenant }),
    ...(tags !== undefined && { tags }),
  };
}

/** The priority of a step's tasks, as a number. */
export function levelOf({ definition }: PlanStep, run: StartOptions): number {
  return priorityLevel(definition.priority ?? run.priority);
}

/** No step has more behind it, in milliseconds, that would outweigh a priority. */
const LEVEL_MS = 1e10;

/** Tasks of steps with more of it are submitted first: those of a higher priority, then those with the most behind them. */
export function urgencyOf(run: RunPort, step: string): number {
  const { plan, criticalPath } = run;
  const index = plan.indexOf.get(step)!;
  return run.levelOf(index) * LEVEL_MS + Math.min(criticalPath.remainingMs(index), LEVEL_MS - 1);
}
