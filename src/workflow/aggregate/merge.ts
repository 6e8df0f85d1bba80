import type { Aggregation, AggregationSpec } from './aggregation.ts';
import { assertAtMost, failedAggregation } from './aggregation-error.ts';
import { append } from './collect.ts';
import { AGGREGATE_DEFAULTS } from './defaults.ts';
import { type Field, fieldReader } from './field.ts';
import { dissimilar } from './similar-texts.ts';

export interface MergeOptions<T> {
  /** Items of an equal key (a text, number or boolean) are duplicates. Those without a key never are. */
  readonly by?: Field<T, string | number | boolean | null | undefined>;
  /**
   * Items whose texts are at least so similar, above 0 to 1, are duplicates: by the share of their different words that
   * both have. Upper case, punctuation and the order of words count for nothing.
   */
  readonly similarity?: { readonly of: Field<T, string>; readonly atLeast: number };
  /**
   * By a number (such as relevance), text or date. Default: by index. `desc`, the default order, puts the highest first;
   * what has nothing to sort by is last in either.
   */
  readonly sort?: {
    readonly by: Field<T, number | string | Date | null | undefined>;
    readonly order?: 'asc' | 'desc';
  };
  /** Only so many, the first ones. Default: all. */
  readonly limit?: number;
  /** Different items at most, where all have to be kept until the end; more are an error. Default 1,000,000. */
  readonly maxItems?: number;
}

type Rank = number | string | undefined;

interface Entry<T> {
  readonly item: T;
  readonly index: number;
  /** Place in the array that it came in. */
  readonly place: number;
  readonly rank: Rank;
}

/** The accumulator of `merge`. */
export interface MergeState<T> {
  readonly keyed: Map<unknown, Entry<T>>;
  keyless: Entry<T>[];
}

/** See `merge` in aggregations.ts. */
export function mergeOf<T>(options: MergeOptions<T>): Aggregation<T | readonly T[], MergeState<T>, T[]> {
  const { by, similarity, sort, limit, maxItems = AGGREGATE_DEFAULTS.maxItems } = options;
  const keyOf = by === undefined ? () => undefined : fieldReader(by);
  const readRank = sort === undefined ? () => undefined : fieldReader(sort.by);
  const isBefore = orderBy<T>(sort?.order ?? AGGREGATE_DEFAULTS.sortOrder);
  const put = (state: MergeState<T>, entry: Entry<T>) => {
    const key = checkedKey(keyOf(entry.item));
    if (key === undefined) state.keyless.push(entry);
    else keepFirst(state, key, entry, isBefore);
  };
  const bounded = (state: MergeState<T>) => {
    // Which of similar ones stay is known at the end only; else what is beyond the limit can be forgotten.
    if (limit !== undefined && similarity === undefined) trim(state, limit, isBefore);
    else assertAtMost(sizeOf(state), maxItems, 'merge', 'maxItems', 'different items');
    return state;
  };
  const spec = specOf(options);
  return {
    name: 'merge',
    init: () => ({ keyed: new Map(), keyless: [] }),
    add(into, value, index) {
      const items: readonly T[] = Array.isArray(value) ? value : [value as T];
      for (const [place, item] of items.entries()) {
        put(into, { item, index, place, rank: checkedRank(readRank(item)) });
      }
      return bounded(into);
    },
    combine(left, right) {
      append(left.keyless, right.keyless);
      for (const [key, entry] of right.keyed) keepFirst(left, key, entry, isBefore);
      return bounded(left);
    },
    finish(state) {
      const sorted = entriesOf(state).sort(isBefore);
      const kept =
        similarity === undefined ? sorted : dissimilar(sorted, textReader(similarity), similarity.atLeast);
      return kept.slice(0, limit).map(({ item }) => item);
    },
    ...(spec !== undefined && { spec }),
  };
}

function sizeOf({ keyed, keyless }: MergeState<unknown>): number {
  return keyed.size + keyless.length;
}

function entriesOf<T>({ keyed, keyless }: MergeState<T>): Entry<T>[] {
  return [...keyed.values(), ...keyless];
}

/** Of duplicates, the one stays that stands first in the result. */
function keepFirst<T>(state: MergeState<T>, key: unknown, entry: Entry<T>, isBefore: Order<T>): void {
  const kept = state.keyed.get(key);
  if (kept === undefined || isBefore(entry, kept) < 0) state.keyed.set(key, entry);
}

/** Forgets what cannot be among the first `limit`, once that halves what is kept. */
function trim<T>(state: MergeState<T>, limit: number, isBefore: Order<T>): void {
  if (sizeOf(state) < 2 * limit) return;
  const first = new Set(entriesOf(state).sort(isBefore).slice(0, limit));
  for (const [key, entry] of state.keyed) if (!first.has(entry)) state.keyed.delete(key);
  state.keyless = state.keyless.filter((entry) => first.has(entry));
}

type Order<T> = (a: Entry<T>, b: Entry<T>) => number;

/** Total, so that it never depends on the order in which things came. */
function orderBy<T>(order: 'asc' | 'desc'): Order<T> {
  const sign = order === 'asc' ? 1 : -1;
  return (a, b) => compareRanks(a.rank, b.rank, sign) || a.index - b.index || a.place - b.place;
}

/** Numbers, then texts by their code units, then what has nothing to sort by. */
function compareRanks(a: Rank, b: Rank, sign: number): number {
  if (a === b) return 0;
  if (typeof a !== typeof b) return KINDS.indexOf(typeof a) - KINDS.indexOf(typeof b);
  return a! < b! ? -sign : sign;
}
const KINDS = ['number', 'string', 'undefined'];

function checkedRank(value: unknown): Rank {
  const rank = value instanceof Date ? value.getTime() : value;
  if (rank === null || rank === undefined || Number.isNaN(rank)) return undefined;
  if (typeof rank === 'number' || typeof rank === 'string') return rank;
  throw new TypeError(`sort.by: expected a number, a text or a date, got ${typeof rank}`);
}

function checkedKey(value: unknown): string | number | boolean | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new TypeError(`by: expected a text, a number or a boolean as key, got ${typeof value}`);
}

function textReader<T>({ of }: { readonly of: Field<T, string> }): (entry: Entry<T>) => string {
  const read = fieldReader(of);
  return ({ item, index }) => {
    try {
      const text = read(item);
      if (typeof text === 'string') return text;
      throw new TypeError(`similarity.of: expected a text, got ${typeof text}`);
    } catch (error) {
      throw failedAggregation('merge', index, error);
    }
  };
}

function specOf<T>({ by, similarity, sort, ...rest }: MergeOptions<T>): AggregationSpec | undefined {
  if ([by, similarity?.of, sort?.by].some((field) => typeof field === 'function')) return undefined;
  return {
    kind: 'merge',
    ...rest,
    ...(by && { by }),
    ...(similarity && { similarity }),
    ...(sort && { sort }),
  } as AggregationSpec;
}
