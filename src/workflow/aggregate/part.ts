import type { Aggregation } from './aggregation.ts';
import { failedAggregation } from './aggregation-error.ts';

/** Values whose indexes follow one another. */
export interface Part<I> {
  /** Index of the first. */
  readonly from: number;
  readonly values: readonly I[];
}

/**
 * Adds one value.
 * @throws AggregationError that says at which index, if the aggregation throws
 */
export function addTo<I, A>(aggregation: Aggregation<I, A, unknown>, into: A, value: I, index: number): A {
  try {
    return aggregation.add(into, value, index);
  } catch (error) {
    throw failedAggregation(aggregation.name, index, error);
  }
}

/** Makes one accumulator of parts, which stand in the order of their indexes. */
export function aggregateParts<I, A>(aggregation: Aggregation<I, A, unknown>, parts: readonly Part<I>[]): A {
  let accumulator = guarded(aggregation, () => aggregation.init());
  for (const { from, values } of parts) {
    for (const [place, value] of values.entries()) {
      accumulator = addTo(aggregation, accumulator, value, from + place);
    }
  }
  return accumulator;
}

/**
 * The result of values that are all there.
 * @throws AggregationError if the aggregation throws, with the index of the value if it was one
 */
export function aggregate<I, A, O>(aggregation: Aggregation<I, A, O>, values: readonly I[]): O {
  return finishWith(aggregation, aggregateParts(aggregation, [{ from: 0, values }]));
}

/** Makes one accumulator of several, which stand in the order of their indexes. */
export function combineAll<A>(aggregation: Aggregation<never, A, unknown>, accumulators: readonly A[]): A {
  return guarded(aggregation, () => {
    if (accumulators.length === 0) return aggregation.init();
    return accumulators.reduce((left, right) => aggregation.combine(left, right));
  });
}

/** The finished result. */
export function finishWith<A, O>(aggregation: Aggregation<never, A, O>, accumulator: A): O {
  return guarded(aggregation, () => aggregation.finish(accumulator));
}

function guarded<T>({ name }: { readonly name: string }, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw failedAggregation(name, undefined, error);
  }
}
