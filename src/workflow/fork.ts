import type { EventBody } from '../contract/workflow-events.ts';
import type { Plan } from './plan.ts';
import { holdsBack } from './reopening.ts';
import type { RunState } from './state.ts';

/** Where a run comes from, if it does not begin anew. */
export interface Fork {
  readonly of: string;
  readonly from: string;
  readonly kept: readonly EventBody[];
}

/** The first events of a run. */
export function firstEvents(plan: Plan, run: string, input: unknown, fork?: Fork): readonly EventBody[] {
  const { id: workflow, hash } = plan.workflow;
  const origin = fork && { forkOf: fork.of, forkFrom: fork.from };
  const started: EventBody = { type: 'run-started', run, workflow, hash, input, ...origin };
  return fork === undefined ? [started] : [started, ...fork.kept];
}

/**
 * What a fork takes over: steps that have given something, do not come after `from`, and were not undone. A map that was
 * folded has no outputs left: it runs again if what takes them does.
 */
export function keptBy(plan: Plan, state: RunState, from: number): readonly EventBody[] {
  const again = againOf(plan, state, from);
  for (const map of plan.folds.keys()) {
    if (plan.steps[map]!.neededBy.some((next) => again.has(next))) again.add(map);
  }
  const bodies: EventBody[] = [];
  for (const index of plan.order) {
    const now = state.steps[index]!;
    const { name: step } = plan.steps[index]!.definition;
    if (again.has(index)) continue;
    if (now.status === 'succeeded') {
      bodies.push({
        type: 'step-kept',
        step,
        output: plan.folds.has(index) ? undefined : now.output,
      });
    } else if (now.status === 'skipped') {
      const { error, value, cause = 'user' } = now;
      bodies.push({ type: 'step-skipped', step, cause, error, ...(now.hasValue && { value }) });
    }
  }
  return bodies;
}

/** Steps that run again: `from`, what has given nothing or was undone, and what comes after any of them. */
function againOf(plan: Plan, state: RunState, from: number): Set<number> {
  const again = new Set<number>();
  for (const index of plan.order) {
    const now = state.steps[index]!;
    const gave = (now.status === 'succeeded' || now.status === 'skipped') && !holdsBack(now);
    const isKept = index !== from && gave && !state.compensated.has(index);
    if (!isKept || plan.steps[index]!.needs.some((need) => again.has(need))) again.add(index);
  }
  return again;
}
