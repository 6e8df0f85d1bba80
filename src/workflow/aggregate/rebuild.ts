import type { Aggregation, AggregationSpec } from './aggregation.ts';
import { collectOf, concatOf } from './collect.ts';
import { mergeOf } from './merge.ts';
import { statsOf } from './stats.ts';
import { voteOf } from './vote.ts';

/** An aggregation whose types are known to whoever gave its spec. */
export type RebuiltAggregation = Aggregation<unknown, unknown, unknown>;

/** The aggregation behind a spec that has been checked already. Threads load this, and no schemas with it. */
export function rebuild({ kind, ...options }: AggregationSpec): RebuiltAggregation {
  return BUILDERS[kind](options as never);
}

const BUILDERS: Readonly<Record<AggregationSpec['kind'], (options: never) => RebuiltAggregation>> = {
  collect: collectOf,
  concat: concatOf,
  merge: mergeOf,
  stats: statsOf,
  vote: voteOf,
};
