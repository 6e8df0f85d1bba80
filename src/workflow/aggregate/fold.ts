import type { Aggregation } from './aggregation.ts';
import { assertAtMost, failedAggregation } from './aggregation-error.ts';
import { append } from './collect.ts';
import { AGGREGATE_DEFAULTS } from './defaults.ts';

export interface FoldOptions<I, S> {
  /** What it begins with; called once for each part of the items. */
  readonly init: () => S;
  /** Takes in one more value and returns the new state, which may be the old one, changed. */
  readonly step: (state: S, value: I, index: number) => S;
  /**
   * Brings two states together, the one of the lower indexes first: `combine(a, combine(b, c))` has to equal
   * `combine(combine(a, b), c)`, and `combine(init(), a)` to equal `a`. Default: none; all values are kept until the end
   * and taken in one after another.
   */
  readonly combine?: (left: S, right: S) => S;
  /** Values kept at most where there is no `combine`. Default 1,000,000. */
  readonly maxItems?: number;
}

/** The accumulator of a `fold` without `combine`: what is still to be taken in. */
export interface Unfolded<I> {
  readonly values: I[];
  readonly indexes: number[];
}

/** See `fold` in aggregations.ts. */
export function foldOf<I, S>(options: FoldOptions<I, S>): Aggregation<I, S | Unfolded<I>, S> {
  const { combine } = options;
  const made = combine === undefined ? foldAtEnd(options) : foldInParts(options, combine);
  // The accumulator is one or the other, and nobody else looks into it.
  return made as unknown as Aggregation<I, S | Unfolded<I>, S>;
}

function foldInParts<I, S>(
  { init, step }: FoldOptions<I, S>,
  combine: (left: S, right: S) => S,
): Aggregation<I, S, S> {
  return { name: 'fold', init, add: step, combine, finish: (state) => state };
}

function foldAtEnd<I, S>(options: FoldOptions<I, S>): Aggregation<I, Unfolded<I>, S> {
  const { init, step, maxItems = AGGREGATE_DEFAULTS.maxItems } = options;
  const bounded = (kept: Unfolded<I>) => {
    assertAtMost(kept.values.length, maxItems, 'fold', 'maxItems', 'values without `combine`');
    return kept;
  };
  return {
    name: 'fold',
    init: () => ({ values: [], indexes: [] }),
    add(into, value, index) {
      into.values.push(value);
      into.indexes.push(index);
      return bounded(into);
    },
    combine(left, right) {
      append(left.values, right.values);
      append(left.indexes, right.indexes);
      return bounded(left);
    },
    finish({ values, indexes }) {
      let state = init();
      for (const [at, value] of values.entries()) {
        try {
          state = step(state, value, indexes[at]!);
        } catch (error) {
          throw failedAggregation('fold', indexes[at], error);
        }
      }
      return state;
    },
  };
}
