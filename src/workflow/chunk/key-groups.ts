import type { Stage } from './stage.ts';

/** Items of one key. */
export interface KeyGroup<T, K> {
  readonly key: K;
  /** In the order in which they came. */
  readonly items: readonly T[];
}

/**
 * Groups items by key. Of `maxOpen` groups that are open at once, the one that has waited longest for another item is
 * given when a further one is opened; a group that is full is given at once. So a key may come more than once.
 */
export function groupingByKey<T, K>(
  keyOf: (item: T) => K,
  maxOpen: number,
  maxItems: number,
): Stage<T, KeyGroup<T, K>> {
  /** The one that has waited longest comes first. */
  const open = new Map<K, T[]>();
  return {
    *push(item) {
      const key = keyOf(item);
      const items = open.get(key) ?? [];
      open.delete(key);
      items.push(item);
      if (items.length >= maxItems) return yield { key, items };
      open.set(key, items);
      if (open.size <= maxOpen) return;
      const [oldest] = open;
      open.delete(oldest![0]);
      yield { key: oldest![0], items: oldest![1] };
    },
    *end() {
      for (const [key, items] of open) yield { key, items };
      open.clear();
    },
  };
}
