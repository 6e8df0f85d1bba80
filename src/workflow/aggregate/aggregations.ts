import type { StandardSchema } from '../../contract/standard-schema.ts';
import type { Aggregation, AggregationSpec } from './aggregation.ts';
import { type CollectOptions, collectOf, concatOf } from './collect.ts';
import { type FoldOptions, foldOf, type Unfolded } from './fold.ts';
import { type MergeOptions, type MergeState, mergeOf } from './merge.ts';
import { checkAggregate } from './options.ts';
import { type RebuiltAggregation, rebuild } from './rebuild.ts';
import { reshapeOf, type SchemaOutput } from './reshape.ts';
import { type Stats, type StatsOptions, type StatsState, statsOf } from './stats.ts';
import { type VoteAggregation, type VoteOptions, voteOf } from './vote.ts';

/**
 * All values in an array, in the order of their indexes.
 * @throws ConfigError as all aggregations do, if an option is not allowed
 */
export function collect<I = unknown>(options: CollectOptions = {}): Aggregation<I, I[], I[]> {
  return collectOf(checkAggregate('collect', options));
}

/** The arrays that values are, one after another in the order of their indexes. */
export function concat<T = unknown>(options: CollectOptions = {}): Aggregation<readonly T[], T[], T[]> {
  return concatOf(checkAggregate('concat', options));
}

/**
 * One list of the items that values are, or are arrays of: without duplicates, by key or by similarity, and sorted. Of
 * duplicates the one stays that stands first in the result. The result depends on the values and their indexes alone.
 */
export function merge<T = unknown>(
  options: MergeOptions<T> = {},
): Aggregation<T | readonly T[], MergeState<T>, T[]> {
  return mergeOf(checkAggregate('merge', options));
}

/** One value by functions of your own. With `combine`, parts are folded where they are, and only states are kept. */
export function fold<I, S>(options: FoldOptions<I, S>): Aggregation<I, S | Unfolded<I>, S> {
  return foldOf(checkAggregate('fold', options));
}

/**
 * Count, sum, mean, least, greatest and percentiles of numbers. The sum is the double nearest to the exact one, so no
 * figure depends on the order of the values.
 */
export function stats<T = number>(options: StatsOptions<T> = {}): Aggregation<T, StatsState, Stats> {
  return statsOf(checkAggregate('stats', options));
}

/**
 * What most of the values say. An equal number of votes is decided by the lowest index, never by what came first. Its
 * `outlook` tells early whether the quorum is there, or cannot be reached any more.
 */
export function vote<T = string>(options: VoteOptions<T> = {}): VoteAggregation<T> {
  return voteOf(checkAggregate('vote', options));
}

/**
 * Puts the finished result of another aggregation, by default the array of all values, through a Standard Schema, which
 * may transform it. The schema has to be synchronous.
 */
export function reshape<S extends StandardSchema>(
  schema: S,
): Aggregation<unknown, unknown[], SchemaOutput<S>>;
export function reshape<S extends StandardSchema, I, A, O>(
  schema: S,
  of: Aggregation<I, A, O>,
): Aggregation<I, A, SchemaOutput<S>>;
export function reshape(schema: StandardSchema, of: RebuiltAggregation = collect() as RebuiltAggregation) {
  checkAggregate('reshape', { schema, of });
  return reshapeOf(schema, of);
}

/**
 * The aggregation that a spec describes: equal to the one that gave it as its `spec`, which may have been JSON in between.
 * @throws ConfigError if it is no spec
 */
export function aggregationFrom(spec: AggregationSpec): RebuiltAggregation {
  return rebuild(checkAggregate('spec', spec));
}
