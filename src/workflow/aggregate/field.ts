/** What to read of an item: a path such as `'score'`, `'meta.score'` or `'tags.0'`, or a function. */
export type Field<T, V> = string | ((item: T) => V);

/** Reads it. What a path leads to nowhere is `undefined`; only own properties count. */
export function fieldReader<T, V>(field: Field<T, V>): (item: T) => V | undefined {
  if (typeof field === 'function') return field;
  const keys = field.split('.');
  return (item) => {
    let value: unknown = item;
    for (const key of keys) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Record<string, unknown>)[key];
    }
    return value as V;
  };
}
