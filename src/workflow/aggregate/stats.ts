import type { Aggregation } from './aggregation.ts';
import { append } from './collect.ts';
import { AGGREGATE_DEFAULTS } from './defaults.ts';
import { addExactly, type ExactSum, LARGEST_SUMMAND, roundedSum } from './exact-sum.ts';
import { type Field, fieldReader } from './field.ts';
import { addBuckets, countValue, inOrder, type ValueBuckets } from './value-buckets.ts';

export interface StatsOptions<T> {
  /** The number to look at in each item. Default: the item itself. */
  readonly of?: Field<T, number>;
  /** 0 to 100 each, at most 32. Default 50, 90 and 99. */
  readonly percentiles?: readonly number[];
  /** How many values percentiles are exact for; of more, they are known to 0.1 %. Default 10,000. */
  readonly exactUpTo?: number;
}

/** Numbers in figures. Does not depend on how the items were grouped. */
export interface Stats {
  readonly count: number;
  /** The double nearest to the exact sum. */
  readonly sum: number;
  /** `undefined`, as `min` and `max`, if there was no item. */
  readonly mean: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** By name, such as `p50` or `p99.9`: the least value that so many percent of the values do not exceed. */
  readonly percentiles: Readonly<Record<`p${number}`, number>>;
  /** Whether the percentiles are values that occurred; else they are at most 0.1 % above one, and never above `max`. */
  readonly exact: boolean;
}

/** The accumulator of `stats`. */
export interface StatsState {
  count: number;
  sum: ExactSum;
  min: number;
  max: number;
  /** All values, until there are too many; then `buckets` holds them all. */
  values: number[];
  buckets: ValueBuckets | undefined;
}

/** See `stats` in aggregations.ts. */
export function statsOf<T>(options: StatsOptions<T>): Aggregation<T, StatsState, Stats> {
  const { percentiles = AGGREGATE_DEFAULTS.percentiles, exactUpTo = AGGREGATE_DEFAULTS.exactUpTo } = options;
  const read = options.of === undefined ? (item: T) => item : fieldReader(options.of);
  const { of, ...rest } = options;
  return {
    name: 'stats',
    init: () => ({
      count: 0,
      sum: [],
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
      values: [],
      buckets: undefined,
    }),
    add(into, item) {
      const value = checkedNumber(read(item));
      into.count += 1;
      addExactly(into.sum, value);
      into.min = Math.min(into.min, value);
      into.max = Math.max(into.max, value);
      if (into.buckets !== undefined) countValue(into.buckets, value);
      else into.values.push(value);
      if (into.values.length > exactUpTo) bucketsOf(into);
      return into;
    },
    combine(left, right) {
      left.count += right.count;
      for (const part of right.sum) addExactly(left.sum, part);
      left.min = Math.min(left.min, right.min);
      left.max = Math.max(left.max, right.max);
      if (left.buckets === undefined && right.buckets === undefined) append(left.values, right.values);
      else addBuckets(bucketsOf(left), bucketsOf(right));
      if (left.values.length > exactUpTo) bucketsOf(left);
      return left;
    },
    finish: (state) => describeStats(state, percentiles),
    ...(typeof of !== 'function' && {
      spec: { kind: 'stats' as const, ...rest, ...(of !== undefined && { of }) },
    }),
  };
}

function checkedNumber(value: unknown): number {
  if (typeof value === 'number' && Math.abs(value) <= LARGEST_SUMMAND) return value + 0;
  throw new TypeError(
    `expected a number within ±${LARGEST_SUMMAND}, got ${typeof value === 'number' ? value : typeof value}; give the path of one as \`of\``,
  );
}

/** Puts the values into buckets. There are more than are kept: in all groupings or in none. */
function bucketsOf(state: StatsState): ValueBuckets {
  state.buckets ??= new Map();
  for (const value of state.values) countValue(state.buckets, value);
  state.values = [];
  return state.buckets;
}

function describeStats(state: StatsState, percentiles: readonly number[]): Stats {
  const { count, min, max, buckets } = state;
  const sum = roundedSum(state.sum);
  const none = count === 0;
  const at = buckets === undefined ? exactAt(state.values) : bucketAt(buckets, count, max);
  return {
    count,
    sum,
    mean: none ? undefined : sum / count,
    min: none ? undefined : min,
    max: none ? undefined : max,
    percentiles: Object.fromEntries(
      none ? [] : percentiles.map((share) => [`p${share}`, at(rankOf(share, count))]),
    ),
    exact: buckets === undefined,
  };
}

/** The nearest rank, from 1. */
function rankOf(percentile: number, count: number): number {
  return Math.max(1, Math.ceil((percentile / 100) * count - 1e-9));
}

function exactAt(values: readonly number[]): (rank: number) => number {
  const sorted = Float64Array.from(values).sort();
  return (rank) => sorted[rank - 1]!;
}

function bucketAt(buckets: ValueBuckets, count: number, max: number): (rank: number) => number {
  const ordered = inOrder(buckets);
  return (rank) => {
    let passed = 0;
    const found = ordered.find((bucket) => {
      passed += bucket.count;
      return passed >= Math.min(rank, count);
    });
    return Math.min(found!.highest, max);
  };
}
