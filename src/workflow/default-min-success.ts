import type { MinSuccess, StepDefinition } from '../contract/workflow-definition.ts';

/**
 * The steps, with how many items of each map have to succeed where that is not said: as many as the reduction that is alone
 * in taking them asks for, and all of them if somebody else does. None, if something stands in for those that fail, or if
 * some are enough.
 */
export function withMinSuccess(steps: readonly StepDefinition[]): readonly StepDefinition[] {
  return steps.map((step): StepDefinition => {
    const { minSuccess } = step as { readonly minSuccess?: MinSuccess };
    if (minSuccess !== undefined) return step;
    if (step.kind === 'reduce') return { ...step, minSuccess: 0 };
    if (step.kind !== 'map') return step;
    const { onFailure, enough } = step;
    if (enough !== undefined || (onFailure !== 'fail' && onFailure !== 'escalate')) {
      return { ...step, minSuccess: 0 };
    }
    return { ...step, minSuccess: askedFor(step.name, steps) ?? 1 };
  });
}

function askedFor(map: string, steps: readonly StepDefinition[]): MinSuccess | undefined {
  const takers = steps.filter(
    (step) => (step.kind === 'reduce' && step.of === map) || [step.after].flat().includes(map),
  );
  const asked = takers.map((step) =>
    step.kind === 'reduce' && step.of === map ? step.minSuccess : undefined,
  );
  if (asked.length === 0 || asked.includes(undefined)) return undefined;
  // Of several, each looks for itself.
  return asked.length === 1 ? asked[0] : 0;
}
