import type { StepError } from '../contract/workflow.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { Spent } from '../contract/workflow-events.ts';
import type { RunState } from './state.ts';

/** Puts an error on the run's list, as long as there is room. */
export function note(state: RunState, error: StepError): void {
  if (state.errors.length < WORKFLOW_DEFAULTS.errors) state.errors.push(error);
}

/** Adds what was used. */
export function spend(state: RunState, spent: Spent | undefined): void {
  if (spent === undefined) return;
  state.tasks += spent.tasks;
  for (const agent of spent.agents ?? []) state.agents.add(agent);
  state.retries += spent.retries ?? 0;
  state.cost.inputTokens += spent.inputTokens ?? 0;
  state.cost.outputTokens += spent.outputTokens ?? 0;
  state.cost.costUsd += spent.costUsd ?? 0;
  for (const error of spent.errors ?? []) note(state, error);
  state.needsAttention.push(...(spent.needsAttention ?? []));
}
