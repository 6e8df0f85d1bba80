import type { StepError } from '../contract/workflow.ts';
import type { StepDefinition } from '../contract/workflow-definition.ts';
import type { EventBody, Spent } from '../contract/workflow-events.ts';

/** What becomes of a step that failed for good, or that a person has refused: it fails, or goes on by its `onFailure`. */
export function failedForGood(
  { name: step, kind, onFailure }: StepDefinition,
  error: StepError,
  spent?: { readonly spent: Spent },
): EventBody {
  // What stands in for an item does not stand in for a map whose items cannot be had.
  if (kind !== 'map') {
    if (onFailure === 'skip') return { type: 'step-skipped', step, cause: 'failure', error, ...spent };
    if (typeof onFailure === 'object' && 'value' in onFailure) {
      return { type: 'step-skipped', step, cause: 'failure', error, value: onFailure.value, ...spent };
    }
  }
  return { type: 'step-failed', step, error, ...spent };
}
