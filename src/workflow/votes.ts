import type { Enough } from '../contract/workflow-definition.ts';
import { isPromise } from './perform.ts';
import { stableHash } from './stable-hash.ts';

/**
 * What a value counts as in a quorum: values that agree give the same text.
 * @throws what `by` throws
 */
export function voteOf({ by }: Extract<Enough, { readonly quorum: number }>, value: unknown): string {
  const key = by === undefined ? value : (by as (value: unknown) => unknown)(value);
  if (isPromise(key)) throw new TypeError('expected what the value counts as, got a promise');
  return typeof key === 'object' && key !== null ? stableHash(key) : `${typeof key} ${String(key)}`;
}

/** The most values that agree. */
export function mostVotes(votes: ReadonlyMap<string, number>): number {
  let most = 0;
  for (const count of votes.values()) most = Math.max(most, count);
  return most;
}
