import type { StepError } from '../contract/workflow.ts';
import type { MapStep, StepDefinition } from '../contract/workflow-definition.ts';
import { isPromise } from './perform.ts';
import type { ItemsState, StepState } from './state.ts';
import { errorOfThrown } from './step-error.ts';

/** Values in the place of items that failed, in columns: values[i] stands for item items[i]. */
export interface StandIns {
  readonly items: readonly number[];
  readonly values: readonly unknown[];
}

/** What a map gives: its items' outputs in their order, with something in the place of those that there are not. */
export function outputOfMap(
  { name, onFailure }: StepDefinition,
  items: ItemsState,
  standIns: StandIns | undefined,
): readonly unknown[] {
  const { values, failures, parked } = items;
  // If there was enough before that was known, those up to the last that has ended.
  const count = items.count ?? items.ended.end;
  const output: unknown[] = new Array(count);
  const fixed = typeof onFailure === 'object' && 'value' in onFailure ? onFailure : undefined;
  for (let item = 0; item < count; item++) {
    if (values.has(item)) output[item] = values.get(item);
    else if (fixed !== undefined && failures.has(item)) output[item] = fixed.value;
    else output[item] = { $missing: failures.get(item) ?? parked.get(item) ?? notRun(name, item) };
  }
  for (const [at, item] of (standIns?.items ?? []).entries()) output[item] = standIns!.values[at];
  return output;
}

/**
 * What the neighbors of failed items make of them. Asked once, when the map has ended: what comes of it is kept in its
 * event, so that a replay asks no function of the user. Where it throws, its error marks the missing value.
 */
export function interpolated({ name, onFailure }: MapStep, items: ItemsState): StandIns | undefined {
  if (items.failures.size === 0) return undefined;
  const between =
    onFailure === 'interpolate'
      ? meanOf
      : typeof onFailure === 'object' && 'interpolate' in onFailure
        ? (onFailure.interpolate as (left: unknown, right: unknown, index: number) => unknown)
        : undefined;
  if (between === undefined) return undefined;
  const standIns = { items: [] as number[], values: [] as unknown[] };
  for (const [item, [left, right]] of neighborsOf(items)) {
    let value: unknown;
    try {
      value = between(left, right, item);
      if (isPromise(value)) throw new TypeError('expected a value, got a promise');
    } catch (error) {
      value = { $missing: errorOfThrown(name, item, 'interpolate', error) };
    }
    if (value === undefined) continue;
    standIns.items.push(item);
    standIns.values.push(value);
  }
  return standIns;
}

/** Of each failed item: the outputs of the nearest items before and after it that succeeded. */
function neighborsOf({ values, failures }: ItemsState): ReadonlyMap<number, readonly [unknown, unknown]> {
  const failed = [...failures.keys()].sort((a, b) => a - b);
  let last = failed.at(-1)!;
  for (const item of values.keys()) last = Math.max(last, item);
  const rights = new Map<number, unknown>();
  let near: unknown;
  for (let item = last; item >= 0; item--) {
    if (values.has(item)) near = values.get(item);
    else if (failures.has(item)) rights.set(item, near);
  }
  near = undefined;
  const both = new Map<number, readonly [unknown, unknown]>();
  for (let item = 0; item <= failed.at(-1)!; item++) {
    if (values.has(item)) near = values.get(item);
    else if (failures.has(item)) both.set(item, [near, rights.get(item)]);
  }
  return both;
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

/** What there is to undo of a map that does not succeed. */
export function partialOf(definition: StepDefinition, now: StepState): readonly unknown[] | undefined {
  if (now.status !== 'running') return 'partial' in now ? now.partial : undefined;
  if (definition.compensate === undefined || now.work?.kind !== 'items') return undefined;
  return now.work.values.size === 0 ? undefined : outputOfMap(definition, now.work, undefined);
}
