import type { StepDefinition } from '../contract/workflow-definition.ts';

/** Parts of a definition that are objects, of which the builder was given some by the user. */
const PARTS = ['after', 'retry', 'onFailure', 'compensate', 'work', 'minSuccess', 'enough', 'on'];

/** A step that nobody can change any more, whatever he keeps of what he gave. Values, schemas and agents are not copied. */
export function frozenStep(step: StepDefinition): StepDefinition {
  const entries = Object.entries(step).map(([key, value]) => [
    key,
    PARTS.includes(key) ? frozenPart(value) : value,
  ]);
  return Object.freeze(Object.fromEntries(entries)) as StepDefinition;
}

function frozenPart(part: unknown): unknown {
  if (Array.isArray(part)) return Object.freeze([...part]);
  if (typeof part !== 'object' || part === null) return part;
  const { items, retry, ...others } = part as { readonly items?: unknown; readonly retry?: unknown };
  return Object.freeze({
    ...others,
    ...(items !== undefined && { items: frozenPart(items) }),
    ...(retry !== undefined && { retry: frozenPart(retry) }),
  });
}
