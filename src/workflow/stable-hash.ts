import type { Hash } from 'node:crypto';
import { sha256 } from './sha256.ts';

/** A hash of a value that does not depend on the order of keys. Functions and symbols count as their kind. */
export function stableHash(value: unknown): string {
  const hash = sha256();
  feed(hash, value, []);
  return hash.digest('hex');
}

function feed(hash: Hash, value: unknown, above: readonly unknown[]): void {
  if (value === null || typeof value !== 'object') {
    hash.update(
      `${typeof value}:${Object.is(value, -0) ? '-0' : String(typeof value === 'function' ? '' : value)};`,
    );
    return;
  }
  if (above.includes(value)) {
    hash.update(`again:${above.indexOf(value)};`);
    return;
  }
  const inside = [...above, value];
  if (Array.isArray(value)) {
    hash.update(`array:${value.length};`);
    for (const item of value) feed(hash, item, inside);
  } else if (value instanceof Map) {
    feed(hash, [...value.entries()].sort(byKey), inside);
  } else if (value instanceof Set) {
    feed(hash, [...value].sort(), inside);
  } else if (ArrayBuffer.isView(value)) {
    hash.update(`bytes:${value.byteLength};`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (value instanceof Date) {
    hash.update(`date:${value.getTime()};`);
  } else {
    const keys = Object.keys(value).sort();
    hash.update(`object:${keys.length};`);
    for (const key of keys) {
      hash.update(`${key.length}:${key}`);
      feed(hash, (value as Record<string, unknown>)[key], inside);
    }
  }
}

function byKey([a]: [unknown, unknown], [b]: [unknown, unknown]): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1;
}
