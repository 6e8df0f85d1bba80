import type { StepError } from '../contract/workflow.ts';
import type { MapStep, MinSuccess } from '../contract/workflow-definition.ts';
import type { ItemsState } from './state.ts';

/** Whether a map has ended, as far as its items tell; `undefined` while it has to go on. */
export type MapVerdict =
  | { readonly ended: 'succeeded'; readonly early: boolean }
  | { readonly ended: 'failed'; readonly error: StepError }
  | undefined;

/** What an aggregate of votes says of values so far; see `aggregate/vote.ts`. */
export type QuorumReached = (values: Iterable<unknown>, step: MapStep) => boolean;

export function mapVerdict(step: MapStep, items: ItemsState): MapVerdict {
  const { count, ended, failures, parked } = items;
  const { enough } = step;
  if (enough !== undefined && hasEnough(enough, items)) return { ended: 'succeeded', early: true };
  const lost = mayLose(step, items);
  if (lost !== undefined) return { ended: 'failed', error: lost };
  if (count === undefined || ended.size < count || parked.size > 0) return undefined;
  if (enough !== undefined && step.onFailure === 'fail') {
    const wanted = 'count' in enough ? `${enough.count} results` : `${enough.quorum} results that agree`;
    return {
      ended: 'failed',
      error: tooFew(
        step,
        `${wanted}, of ${count} items ${items.succeeded} succeeded and ${failures.size} failed`,
      ),
    };
  }
  return { ended: 'succeeded', early: false };
}

function hasEnough(enough: NonNullable<MapStep['enough']>, { values, succeeded }: ItemsState): boolean {
  if ('count' in enough) return succeeded >= enough.count;
  if (values.size < enough.quorum) return false;
  const keyOf = (enough.by as ((value: unknown) => unknown) | undefined) ?? ((value: unknown) => value);
  const votes = new Map<string, number>();
  for (const value of values.values()) {
    const key = JSON.stringify(keyOf(value)) ?? 'undefined';
    const count = (votes.get(key) ?? 0) + 1;
    if (count >= enough.quorum) return true;
    votes.set(key, count);
  }
  return false;
}

/** The error of a map that can no longer get as many successes as it has to. */
function mayLose(step: MapStep, items: ItemsState): StepError | undefined {
  const { failures, count } = items;
  if (failures.size === 0) return undefined;
  const min = step.minSuccess;
  if (typeof min === 'object' && 'items' in min) {
    const lost = min.items.find((item) => failures.has(item));
    return lost === undefined
      ? undefined
      : tooFew(step, `item ${lost} to succeed, it failed: ${failures.get(lost)!.message}`);
  }
  // While the count is unknown only a demand for all of them is out of reach.
  const needed = neededOf(min, count);
  if (needed === undefined) {
    if (min !== 1) return undefined;
  } else if (count! - failures.size >= needed) {
    return undefined;
  }
  const [first] = failures.values();
  const wanted = needed === undefined ? 'every item' : `${needed} of ${count} items`;
  return tooFew(step, `${wanted} to succeed, ${failures.size} failed; the first: ${first!.message}`);
}

/** How many have to succeed; `undefined` if that cannot be told yet. */
export function neededOf(min: MinSuccess, count: number | undefined): number | undefined {
  if (typeof min === 'number') return count === undefined ? undefined : Math.ceil(min * count - 1e-9);
  return 'count' in min ? (count === undefined ? undefined : min.count) : undefined;
}

function tooFew({ name }: MapStep, what: string): StepError {
  return {
    step: name,
    code: 'TOO_FEW_SUCCEEDED',
    message: `step "${name}" expected ${what}`,
    suggestion: 'mend what the items failed of and retry the step, or lower `minSuccess`',
    retryable: true,
  };
}
