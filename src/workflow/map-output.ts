import type { StepError } from '../contract/workflow.ts';
import type { StepDefinition } from '../contract/workflow-definition.ts';
import type { ItemsState } from './state.ts';

/** What a map gives: its items' outputs in their order, with something in the place of those that failed. */
export function outputOfMap(step: StepDefinition, items: ItemsState): readonly unknown[] {
  const count = items.count ?? items.ended.size;
  const output: unknown[] = new Array(count);
  const missing: number[] = [];
  for (let item = 0; item < count; item++) {
    if (items.values.has(item)) output[item] = items.values.get(item);
    else missing.push(item);
  }
  for (const item of missing) output[item] = standIn(step, items, item);
  return output;
}

function standIn({ name, onFailure }: StepDefinition, items: ItemsState, item: number): unknown {
  const error = items.failures.get(item) ?? notRun(name, item);
  if (typeof onFailure === 'object' && 'value' in onFailure) return onFailure.value;
  const between =
    onFailure === 'interpolate'
      ? meanOf
      : typeof onFailure === 'object' && 'interpolate' in onFailure
        ? (onFailure.interpolate as (left: unknown, right: unknown, index: number) => unknown)
        : undefined;
  const made = between?.(neighbor(items, item, -1), neighbor(items, item, 1), item);
  return made === undefined ? { $missing: error } : made;
}

/** The output of the nearest item on that side that succeeded; `undefined` if there is none. */
function neighbor({ values, count, ended }: ItemsState, item: number, by: 1 | -1): unknown {
  const end = count ?? ended.size;
  for (let at = item + by; at >= 0 && at < end; at += by) if (values.has(at)) return values.get(at);
  return undefined;
}

function meanOf(left: unknown, right: unknown): number | undefined {
  const known = [left, right].filter((value): value is number => typeof value === 'number');
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function notRun(step: string, item: number): StepError {
  return {
    step,
    item,
    code: 'CANCELLED',
    message: `item ${item} of step "${step}" was not run: there was enough without it`,
    suggestion: 'ask for more with `enough`, or leave it out',
    retryable: true,
  };
}
