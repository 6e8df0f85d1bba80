import type { StepError } from '../contract/workflow.ts';
import type { MinSuccess } from '../contract/workflow-definition.ts';
import { neededOf } from './map-rules.ts';
import { stepError } from './step-error.ts';

/** The error of a reduction to which fewer outputs have come than it asks for. */
export function missingSuccesses(
  step: string,
  of: string,
  minSuccess: MinSuccess,
  count: number,
  succeeded: number,
  hasOutput: (item: number) => boolean,
): StepError | undefined {
  if (typeof minSuccess === 'object' && 'items' in minSuccess) {
    const lost = minSuccess.items.find((item) => item >= count || !hasOutput(item));
    if (lost === undefined) return undefined;
    const message = `step "${step}" expected an output of item ${lost} of "${of}", there is none`;
    return stepError(step, undefined, 'TOO_FEW_SUCCEEDED', message);
  }
  const needed = neededOf(minSuccess, count)!;
  if (succeeded >= needed) return undefined;
  const message = `step "${step}" expected ${needed} of ${count} outputs of "${of}", ${succeeded} are there`;
  return stepError(step, undefined, 'TOO_FEW_SUCCEEDED', message);
}
