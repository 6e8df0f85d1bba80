import type { StepError } from '../contract/workflow.ts';
import type { MapStep, MinSuccess } from '../contract/workflow-definition.ts';
import type { ItemsState } from './state.ts';
import { mostVotes } from './votes.ts';

/** Whether a map has ended, as far as its items tell; `undefined` while it has to go on. */
export type MapVerdict =
  | { readonly ended: 'succeeded'; readonly early: boolean }
  | { readonly ended: 'failed'; readonly error: StepError }
  | undefined;

/** Asks nobody: all that functions of the user have to say of items is in the state already. */
export function mapVerdict(step: MapStep, items: ItemsState): MapVerdict {
  const { count, ended, parked } = items;
  const lost = minOutOfReach(step, items) ?? enoughOutOfReach(step, items);
  if (lost !== undefined) return { ended: 'failed', error: tooFew(step, lost) };
  if (hasEnough(step, items)) return { ended: 'succeeded', early: true };
  if (count === undefined || ended.size < count || parked.size > 0) return undefined;
  return { ended: 'succeeded', early: false };
}

/** Enough, and all that has to be there is there. */
function hasEnough({ enough, minSuccess }: MapStep, items: ItemsState): boolean {
  if (enough === undefined) return false;
  const succeeded = items.succeeded;
  const got = 'count' in enough ? succeeded : mostVotes(items.votes);
  if (got < ('count' in enough ? enough.count : enough.quorum)) return false;
  if (typeof minSuccess === 'object' && 'items' in minSuccess) {
    return minSuccess.items.every((item) => items.ended.has(item));
  }
  return minSuccess === 0 || succeeded >= (neededOf(minSuccess, items.count) ?? Number.POSITIVE_INFINITY);
}

/** What was expected and what came, if as many successes as there have to be can no longer come. */
function minOutOfReach({ minSuccess }: MapStep, { failures, count }: ItemsState): string | undefined {
  if (typeof minSuccess === 'object' && 'items' in minSuccess) {
    const lost = minSuccess.items.find(
      (item) => failures.has(item) || (count !== undefined && item >= count),
    );
    if (lost === undefined) return undefined;
    const error = failures.get(lost);
    const why = error === undefined ? `there are only ${count} items` : `it failed: ${error.message}`;
    return `item ${lost} to succeed; ${why}`;
  }
  const needed = neededOf(minSuccess, count);
  // While the count is unknown only a demand for all of them can be out of reach.
  const isOut =
    needed === undefined ? minSuccess === 1 && failures.size > 0 : count! - failures.size < needed;
  if (!isOut) return undefined;
  const wanted = needed === undefined ? 'every item' : `${needed} of ${count} items`;
  const [first] = failures.values();
  return `${wanted} to succeed, ${failures.size} failed${first === undefined ? '' : `; the first: ${first.message}`}`;
}

/** The same of a map that is to end early, if it fails where nothing stands in for items. */
function enoughOutOfReach({ enough, onFailure }: MapStep, items: ItemsState): string | undefined {
  const { count, ended, failures, votes } = items;
  if (enough === undefined || count === undefined || (onFailure !== 'fail' && onFailure !== 'escalate')) {
    return undefined;
  }
  const left = count - ended.size;
  const came = `of ${count} items ${items.succeeded} succeeded, ${failures.size} failed and ${left} are open`;
  if ('count' in enough) {
    return items.succeeded + left < enough.count ? `${enough.count} results; ${came}` : undefined;
  }
  const most = mostVotes(votes);
  if (most + left >= enough.quorum) return undefined;
  return `${enough.quorum} results that agree; ${came}, and at most ${most} agree so far`;
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
    suggestion: 'mend what the items failed of and retry the step, or lower `minSuccess` or `enough`',
    retryable: true,
  };
}
