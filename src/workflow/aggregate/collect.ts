import type { Aggregation } from './aggregation.ts';
import { assertAtMost } from './aggregation-error.ts';
import { AGGREGATE_DEFAULTS } from './defaults.ts';

export interface CollectOptions {
  /** Items kept at most; more are an error. Default 1,000,000. */
  readonly maxItems?: number;
}

/** See `collect` in aggregations.ts. */
export function collectOf<I>(options: CollectOptions): Aggregation<I, I[], I[]> {
  const push = (into: I[], value: I) => {
    into.push(value);
  };
  return listOf('collect', options, push);
}

/** See `concat` in aggregations.ts. */
export function concatOf<T>(options: CollectOptions): Aggregation<readonly T[], T[], T[]> {
  return listOf('concat', options, (into: T[], value: readonly T[]) => {
    if (!Array.isArray(value)) throw new TypeError(`expected an array, got ${typeof value}; use collect()`);
    append(into, value);
  });
}

function listOf<I, T>(
  kind: 'collect' | 'concat',
  options: CollectOptions,
  put: (into: T[], value: I) => void,
): Aggregation<I, T[], T[]> {
  const { maxItems = AGGREGATE_DEFAULTS.maxItems } = options;
  const bounded = (items: T[]) => {
    assertAtMost(items.length, maxItems, kind, 'maxItems', 'items');
    return items;
  };
  return {
    name: kind,
    init: () => [],
    add(into, value) {
      put(into, value);
      return bounded(into);
    },
    combine: (left, right) => bounded(append(left, right)),
    finish: (items) => items,
    spec: { kind, ...options },
  };
}

/** Not `push(...more)`: the stack holds some 100,000 arguments. */
export function append<T>(list: T[], more: readonly T[]): T[] {
  for (const item of more) list.push(item);
  return list;
}
