/**
 * Values as JSON can carry them, and back. What JSON has no form for becomes `{ $is, of }`; what has one stays as it is,
 * the same object, so that a large output costs a look and no copy.
 */

const ARRAYS = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

/** Something that cannot be kept: a function, a symbol, or an object that contains itself. */
export class NotPlainError extends Error {
  constructor(what: string, path: string) {
    super(`${path} is ${what}, which cannot be kept`);
    this.name = 'NotPlainError';
  }
}

/** @throws NotPlainError for a function, a symbol, and an object that contains itself; `path` names where it is */
export function toPlain(value: unknown, path: string, above: readonly object[] = []): unknown {
  switch (typeof value) {
    case 'undefined':
      return { $is: 'undefined' };
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $is: 'number', of: Object.is(value, -0) ? '-0' : String(value) };
    case 'bigint':
      return { $is: 'bigint', of: String(value) };
    case 'function':
    case 'symbol':
      throw new NotPlainError(`a ${typeof value}`, path);
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (above.includes(value)) throw new NotPlainError('an object that contains itself', path);
  const inside = [...above, value];
  const inner = (of: unknown, key: string): unknown => toPlain(of, `${path}${key}`, inside);
  if (Array.isArray(value)) return arrayToPlain(value, inner);
  if (value instanceof Date) return { $is: 'date', of: toPlain(value.getTime(), path) };
  if (value instanceof Map) return { $is: 'map', of: [...value].map((entry) => inner(entry, ' (a Map)')) };
  if (value instanceof Set) return { $is: 'set', of: [...value].map((one) => inner(one, ' (a Set)')) };
  if (ArrayBuffer.isView(value)) return bytesToPlain(value, path);
  return objectToPlain(value, inner);
}

function arrayToPlain(
  value: readonly unknown[],
  inner: (of: unknown, key: string) => unknown,
): readonly unknown[] {
  let changed: unknown[] | undefined;
  for (let at = 0; at < value.length; at++) {
    const plain = inner(value[at], `[${at}]`);
    // A hole and `undefined` are the same to all that reads it.
    if (plain !== value[at]) {
      changed ??= [...value];
      changed[at] = plain;
    }
  }
  return changed ?? value;
}

function objectToPlain(value: object, inner: (of: unknown, key: string) => unknown): unknown {
  const entries = Object.entries(value);
  const plain = entries.map(([key, of]): [string, unknown] => [key, inner(of, `.${key}`)]);
  // JSON would ask a `toJSON`, which some classes have.
  const isSame = !('toJSON' in value) && plain.every(([, of], at) => of === entries[at]![1]);
  const own = isSame ? value : Object.fromEntries(plain);
  return Object.hasOwn(value, '$is') ? { $is: 'object', of: own } : own;
}

function bytesToPlain(view: ArrayBufferView, path: string): unknown {
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  const kind = Buffer.isBuffer(view) ? 'Uint8Array' : view.constructor.name;
  if (!Object.hasOwn(ARRAYS, kind)) throw new NotPlainError(`a ${kind}`, path);
  return { $is: 'bytes', kind, of: bytes.toString('base64') };
}

/** The value that `toPlain` was given, or one like it. */
export function fromPlain(plain: unknown): unknown {
  if (typeof plain !== 'object' || plain === null) return plain;
  if (Array.isArray(plain)) {
    const made = plain.map(fromPlain);
    return made.every((one, at) => one === plain[at]) ? plain : made;
  }
  if ('$is' in plain) return special(plain as { readonly $is: unknown; readonly of?: unknown });
  return inside(plain);
}

function inside(plain: object): object {
  const entries = Object.entries(plain);
  const made = entries.map(([key, of]): [string, unknown] => [key, fromPlain(of)]);
  return made.every(([, of], at) => of === entries[at]![1]) ? plain : Object.fromEntries(made);
}

function special(plain: { readonly $is: unknown; readonly of?: unknown; readonly kind?: unknown }): unknown {
  const { of } = plain;
  switch (plain.$is) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(of);
    case 'bigint':
      return BigInt(of as string);
    case 'date':
      return new Date(fromPlain(of) as number);
    case 'map':
      return new Map((of as unknown[]).map(fromPlain) as [unknown, unknown][]);
    case 'set':
      return new Set((of as unknown[]).map(fromPlain));
    case 'bytes': {
      const bytes = new Uint8Array(Buffer.from(of as string, 'base64'));
      return new ARRAYS[plain.kind as keyof typeof ARRAYS](bytes.buffer);
    }
    case 'object':
      return inside(of as object);
    default:
      throw new Error(`snapshot: expected a value of a known kind, got "$is": ${JSON.stringify(plain.$is)}`);
  }
}
