import { DefaultDeserializer, serialize } from 'node:v8';

// What is plain JSON is written as JSON, which takes a fifth of the time. All else is written as V8 serializes it, for
// three reasons: JSON has no undefined, bigint, Date, Map, Set, bytes or cycles; V8 reads what every older version of it
// has written, which is what a file needs; and what it cannot carry exactly is little, and found by a look at
// prototypes: instances of classes, functions. Its bytes start with 255, which no text in UTF-8 does.
const V8_MARK = 0xff;

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
  const form = exactForm(value);
  if (form === undefined) return undefined;
  return form === 'json' ? Buffer.from(JSON.stringify(value)) : serialize(value);
}

/** @throws Error if the bytes are none that this version of Node.js can read */
export function decodePayload(bytes: Buffer): unknown {
  if (bytes[0] !== V8_MARK) return JSON.parse(bytes.toString());
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

/** In which form the value comes back equal to what it is, if in any. Looks at everything once. */
function exactForm(root: unknown): 'json' | 'v8' | undefined {
  const seen = new Set<object>();
  const open: unknown[] = [root];
  let isJson = true;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) {
      isJson &&= isJsonPrimitive(value);
      continue;
    }
    if (seen.has(value)) {
      isJson = false;
      continue;
    }
    seen.add(value);
    const prototype = Object.getPrototypeOf(value);
    if (VIEWS.has(prototype)) {
      if (!isOwnView(value as NodeJS.ArrayBufferView, seen)) return undefined;
      isJson = false;
      continue;
    }
    const keys = Object.keys(value);
    const hidden = prototype === Array.prototype || prototype === RegExp.prototype ? 1 : 0;
    if (Object.getOwnPropertyNames(value).length !== keys.length + hidden) return undefined;
    if (Object.getOwnPropertySymbols(value).length > 0) return undefined;
    if (prototype === Object.prototype || prototype === Array.prototype) {
      if (hidden === 1) isJson &&= isDense(value as unknown[], keys);
      for (const key of keys) open.push((value as Record<string, unknown>)[key]);
      continue;
    }
    isJson = false;
    if (keys.length > 0) return undefined;
    if (prototype === Map.prototype) for (const pair of value as Map<unknown, unknown>) open.push(...pair);
    else if (prototype === Set.prototype) for (const item of value as Set<unknown>) open.push(item);
    else if (!isExactLeaf(value, prototype)) return undefined;
  }
  return isJson ? 'json' : 'v8';
}

/** Whether the keys are all of its indexes, and nothing else; indexes come first, in order. */
function isDense({ length }: unknown[], keys: readonly string[]): boolean {
  return keys.length === length && (length === 0 || keys[length - 1] === String(length - 1));
}

function isJsonPrimitive(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
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
