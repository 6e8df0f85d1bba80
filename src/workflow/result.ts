import type { WorkflowResult } from '../contract/workflow.ts';
import type { Plan } from './plan.ts';
import type { RunState } from './state.ts';

/** What a run that has ended gives. */
export function resultOf(plan: Plan, state: RunState): WorkflowResult {
  const data: Record<string, unknown> = {};
  for (const sink of plan.sinks) {
    const step = state.steps[sink]!;
    const { name } = plan.steps[sink]!.definition;
    if (step.status === 'succeeded') data[name] = step.output;
    else if ('hasValue' in step) data[name] = step.hasValue ? step.value : { $missing: step.error };
  }
  const { succeeded, failed } = state;
  const failures = state.steps.filter(({ status }) => status === 'cancelled').length + failed;
  return {
    status: state.result ?? 'failed',
    data,
    metadata: {
      ms: state.lastAtMs - state.startedAtMs,
      agents: [...state.agents].sort(),
      tasks: state.tasks,
      successRate: succeeded + failures === 0 ? 1 : succeeded / (succeeded + failures),
      cost: { ...state.cost },
      retries: state.retries,
    },
    errors: [...state.errors],
    compensated: compensatedIn(plan, state),
    needsAttention: [...state.needsAttention],
  };
}

function compensatedIn(plan: Plan, { compensated, needsAttention }: RunState): readonly string[] {
  const left = new Set(needsAttention.map(({ step }) => step));
  return [...compensated]
    .map((index) => plan.steps[index]!.definition.name)
    .filter((step) => !left.has(step));
}
