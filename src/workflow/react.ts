import type { StepError } from '../contract/workflow.ts';
import type { EventBody, WorkflowEvent } from '../contract/workflow-events.ts';
import { interpolated } from './map-output.ts';
import { mapVerdict } from './map-rules.ts';
import type { Plan } from './plan.ts';
import { resultStatus } from './result-status.ts';
import type { RunState, StepState } from './state.ts';

/**
 * What follows from an event, by the rules of the workflow alone: pure, and asked again for each event that it gives,
 * until nothing follows any more.
 */
export function react(plan: Plan, state: RunState, event: WorkflowEvent): readonly EventBody[] {
  switch (event.type) {
    case 'items-ended':
    case 'items-counted':
    case 'item-answered':
      return settleMap(plan, state, event.step);
    case 'step-failed':
      return afterFailure(plan, state, event.step);
    case 'step-cancelled':
    case 'step-skipped':
      return event.type === 'step-cancelled' || event.cause === 'dependency'
        ? [...blocked(plan, state, event.step), ...whenQuiet(plan, state)]
        : whenQuiet(plan, state);
    case 'step-succeeded':
    case 'step-retried':
    case 'step-parked':
    case 'run-started':
    case 'run-restarted':
    case 'step-compensated':
    case 'step-not-compensated':
      return whenQuiet(plan, state);
    case 'run-failing':
      return [...cancelWaiting(plan, state, event.cause), ...whenQuiet(plan, state)];
    default:
      return [];
  }
}

function settleMap(plan: Plan, state: RunState, name: string): readonly EventBody[] {
  const index = plan.indexOf.get(name)!;
  const now = state.steps[index]!;
  const { definition } = plan.steps[index]!;
  if (now.status !== 'running' || now.work?.kind !== 'items' || definition.kind !== 'map') return [];
  const verdict = mapVerdict(definition, now.work);
  if (verdict === undefined) return [];
  if (verdict.ended === 'succeeded') {
    const standIns = interpolated(definition, now.work);
    return [{ type: 'step-succeeded', step: name, output: undefined, ...(standIns && { standIns }) }];
  }
  return [{ type: 'step-failed', step: name, error: verdict.error }];
}

function afterFailure(plan: Plan, state: RunState, name: string): readonly EventBody[] {
  if (plan.workflow.onError === 'stop' && state.failing === undefined) {
    return [{ type: 'run-failing', cause: 'failure' }];
  }
  return [...blocked(plan, state, name), ...whenQuiet(plan, state)];
}

/** Those that wait for a step that has not given anything. */
function blocked(plan: Plan, state: RunState, name: string): readonly EventBody[] {
  if (state.failing !== undefined) return [];
  const index = plan.indexOf.get(name)!;
  return plan.steps[index]!.neededBy.filter((next) => state.steps[next]!.status === 'waiting').map((next) => {
    const step = plan.steps[next]!.definition.name;
    const error: StepError = {
      step,
      code: 'DEPENDENCY_FAILED',
      message: `step "${step}" was not run: it needs "${name}", which has not succeeded`,
      suggestion: `retry "${name}", or let it be skipped with onFailure: 'skip'`,
      retryable: true,
    };
    return { type: 'step-skipped', step, cause: 'dependency', error };
  });
}

function cancelWaiting(plan: Plan, state: RunState, cause: 'failure' | 'cancelled'): readonly EventBody[] {
  return plan.steps
    .filter(({ index }) => ['waiting', 'parked'].includes(state.steps[index]!.status))
    .map(({ definition: { name } }) => ({
      type: 'step-cancelled',
      step: name,
      cause: cause === 'failure' ? 'failure' : 'user',
      error: cancelled(name, cause === 'failure' ? 'another step has failed' : 'the run was cancelled'),
    }));
}

export function cancelled(step: string, why: string): StepError {
  return {
    step,
    code: 'CANCELLED',
    message: `step "${step}" was cancelled: ${why}`,
    suggestion: 'start the run again, or fork it from this step',
    retryable: true,
  };
}

/** What happens once nothing is under way. */
function whenQuiet(plan: Plan, state: RunState): readonly EventBody[] {
  if (state.status === 'ended' || (state.status === 'stopped' && state.failing === undefined)) return [];
  if (state.open > 0) return [];
  const status = resultStatus(plan, state);
  if (status === 'failed' && toCompensate(plan, state).length > 0) {
    if (state.failing === undefined) return [{ type: 'run-failing', cause: 'failure' }];
    return state.status === 'compensating' ? [] : [{ type: 'compensation-started' }];
  }
  return [{ type: 'run-ended', status }];
}

/** Completed steps that can be undone and have not been, and maps that have got something, in the order of definition. */
export function toCompensate(plan: Plan, state: RunState): readonly number[] {
  if (!plan.isSaga) return [];
  return plan.steps
    .filter(
      ({ index, definition }) =>
        definition.compensate !== undefined && hasDone(state.steps[index]!) && !state.compensated.has(index),
    )
    .map(({ index }) => index);
}

function hasDone(step: StepState): boolean {
  return step.status === 'succeeded' || ('partial' in step && step.partial !== undefined);
}

/** Whether a step may be started now, as far as the graph goes. */
export function isReady(state: RunState, index: number): boolean {
  const step = state.steps[index]!;
  return step.status === 'waiting' && step.waitsFor === 0;
}
