import type { AggregationSpec } from './aggregation.ts';
import { aggregateParts, combineAll, finishWith, type Part } from './part.ts';
import { rebuild } from './rebuild.ts';

/** What a thread is asked to make one accumulator of: the values of parts, or accumulators; in the order of their indexes. */
export type AggregateWork = {
  /** Of the aggregation; has been checked. */
  readonly spec: AggregationSpec;
  /** Also finishes it: gives the result instead of the accumulator. Default false. */
  readonly finish?: boolean;
} & ({ readonly parts: readonly Part<unknown>[] } | { readonly accumulators: readonly unknown[] });

/**
 * Does it. Leaves of a tree are parts, the other nodes accumulators; the root is finished.
 * @throws AggregationError
 */
export function aggregateWork(work: AggregateWork): unknown {
  const aggregation = rebuild(work.spec);
  const accumulator =
    'parts' in work ? aggregateParts(aggregation, work.parts) : combineAll(aggregation, work.accumulators);
  return work.finish === true ? finishWith(aggregation, accumulator) : accumulator;
}
