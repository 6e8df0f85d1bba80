import type { WorkflowResult } from '../contract/workflow.ts';
import type { Plan } from './plan.ts';
import type { RunState, StepState } from './state.ts';

/**
 * What a run of which all steps have ended is a case of:
 *
 * | what happened | status |
 * | --- | --- |
 * | it was cancelled, or a failure ended it (`onError: 'stop'`) | `failed` |
 * | none of the steps that no other takes gave anything, and something went wrong | `failed` |
 * | a step or an item failed for good, also if it was skipped, or something stands in for it | `partial` |
 * | a step was cancelled, or skipped by a person who gave no value | `partial` |
 * | a nested workflow ended as `partial` | `partial` |
 * | every step succeeded, or its condition did not hold, or a person gave its value | `success` |
 */
export function resultStatus(plan: Plan, state: RunState): WorkflowResult['status'] {
  if (state.failing !== undefined) return 'failed';
  if (state.errors.length === 0 && state.steps.every(isWhole)) return 'success';
  return plan.sinks.some((sink) => gave(state.steps[sink]!)) ? 'partial' : 'failed';
}

function isWhole(step: StepState): boolean {
  return (
    step.status === 'succeeded' ||
    (step.status === 'skipped' && (step.cause === 'condition' || step.hasValue))
  );
}

function gave(step: StepState): boolean {
  return step.status === 'succeeded' || (step.status === 'skipped' && step.hasValue);
}
