import { DefaultDeserializer, serialize } from 'node:v8';

// Payloads are written as V8 serializes them, for three reasons. JSON has no undefined, bigint, Date, Map, Set, bytes or
// cycles. V8 reads what every older version of it has written, which is what a file needs. And what it cannot carry
// exactly is little, and found by a look at prototypes: instances of classes, functions, accessors.

const VIEWS = new Set<unknown>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
    Buffer,
  ].map(({ prototype }) => prototype),
);

/**
 * The payload as bytes; `undefined` if it would not come back as it is: something in it is of a class, is a function or
 * a symbol, is shared memory, or has properties beside those that are listed. A typed array comes back with a
 * buffer of its own.
 * @throws DataCloneError, RangeError or what a proxy throws, for what cannot be serialized at all
 */
export function encodePayload(value: unknown): Buffer | undefined {
  return isExact(value) ? serialize(value) : undefined;
}

/** @throws Error if the bytes are none that this version of Node.js can read */
export function decodePayload(bytes: Uint8Array): unknown {
  const reader = new PayloadReader(bytes);
  reader.readHeader();
  return reader.readValue();
}

/** The library's types leave out what its documentation names for subclasses to override. */
const BaseReader = DefaultDeserializer as unknown as new (
  bytes: Uint8Array,
) => DefaultDeserializer & { _readHostObject(): NodeJS.ArrayBufferView };

/** Gives each view its own memory, instead of a window on the bytes of the whole record. */
class PayloadReader extends BaseReader {
  override _readHostObject(): NodeJS.ArrayBufferView {
    const view = super._readHostObject();
    if (Buffer.isBuffer(view)) return Buffer.from(view);
    const own = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    return new (view.constructor as new (buffer: ArrayBufferLike) => NodeJS.ArrayBufferView)(own);
  }
}

/** Whether serializing and reading gives an equal value. Looks at everything once. */
function isExact(root: unknown): boolean {
  const seen = new Set<object>();
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'function' || typeof value === 'symbol') return false;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const prototype = Object.getPrototypeOf(value);
    if (VIEWS.has(prototype)) {
      if (!isOwnView(value as NodeJS.ArrayBufferView, seen)) return false;
      continue;
    }
    const keys = Object.keys(value);
    const hidden = prototype === Array.prototype || prototype === RegExp.prototype ? 1 : 0;
    if (Object.getOwnPropertyNames(value).length !== keys.length + hidden) return false;
    if (Object.getOwnPropertySymbols(value).length > 0) return false;
    if (prototype === Object.prototype || prototype === Array.prototype) {
      for (const key of keys) open.push((value as Record<string, unknown>)[key]);
      continue;
    }
    if (keys.length > 0) return false;
    if (prototype === Map.prototype) for (const pair of value as Map<unknown, unknown>) open.push(...pair);
    else if (prototype === Set.prototype) for (const item of value as Set<unknown>) open.push(item);
    else if (!isExactLeaf(value, prototype)) return false;
  }
  return true;
}

function isExactLeaf(value: object, prototype: unknown): boolean {
  // Where a regular expression stands in a text is not carried over, nor that a buffer may grow.
  if (prototype === RegExp.prototype) return (value as RegExp).lastIndex === 0;
  if (prototype === ArrayBuffer.prototype) return (value as { resizable?: boolean }).resizable !== true;
  return prototype === Date.prototype;
}

/** Memory that two views share would come back as two. */
function isOwnView(view: NodeJS.ArrayBufferView, seen: Set<object>): boolean {
  // Small ones lie in one pool; nobody takes that for sharing.
  if (Buffer.isBuffer(view)) return true;
  if (!(view.buffer instanceof ArrayBuffer) || seen.has(view.buffer)) return false;
  seen.add(view.buffer);
  return true;
}
