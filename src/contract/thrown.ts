import { inspect } from 'node:util';
import type { WireError, WireFailure, WireThrown } from './wire.ts';

/** Causes deeper than this are described, not carried: so many fit a frame. */
const MAX_CAUSES = 7;
/** Errors carried of an AggregateError. */
const MAX_ERRORS = 16;
/** Own fields carried with an error. */
const MAX_FIELDS = 32;

/** Puts whatever a handler threw into a form that can cross a thread boundary. Never throws. */
export function toWire(thrown: unknown, failure?: WireFailure, depth = 0): WireThrown {
  const ours = failure === undefined ? {} : { failure };
  switch (typeof thrown) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return { kind: 'value', value: thrown, ...ours };
    default:
      if (thrown === null) return { kind: 'value', value: null, ...ours };
      try {
        if (isErrorLike(thrown) && depth < MAX_CAUSES) return errorToWire(thrown, failure, depth);
        return { kind: 'described', text: inspect(thrown, { depth: 2 }), ...ours };
      } catch {
        return { kind: 'described', text: UNREADABLE, ...ours };
      }
  }
}

/** Rebuilds what was thrown: errors of the built-in types are of that type again. */
export function fromWire(wire: WireThrown): unknown {
  if (wire.kind === 'value') return wire.value;
  if (wire.kind === 'described') return wire.text;
  const error =
    wire.errors === undefined
      ? new (BUILT_IN.get(wire.name) ?? Error)(wire.message)
      : new AggregateError(wire.errors.map(fromWire), wire.message);
  define(error, 'name', wire.name);
  define(error, 'stack', wire.stack);
  if (wire.cause !== undefined) define(error, 'cause', fromWire(wire.cause));
  for (const [key, value] of Object.entries(wire.fields)) {
    Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return error;
}

/** What was thrown, in one line for a message. Never throws. */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${text(thrown.name)}: ${text(thrown.message)}`;
    if (typeof thrown === 'string') return `threw a string, not an Error: ${JSON.stringify(thrown)}`;
    return `threw ${inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY })}, not an Error`;
  } catch {
    return `threw ${UNREADABLE}`;
  }
}

const UNREADABLE = 'something that cannot be read';

/** What a field of an error says; it may hold anything. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

const BUILT_IN = new Map<string, ErrorConstructor>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

function isErrorLike(value: unknown): value is Error {
  // Errors of another realm (vm contexts) are no instances of ours.
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

function errorToWire(error: Error, failure: WireFailure | undefined, depth: number): WireError {
  const fields: Record<string, string | number | boolean | null> = {};
  for (const key of Object.keys(error).slice(0, MAX_FIELDS)) {
    const value = (error as unknown as Record<string, unknown>)[key];
    const plain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    if (plain && key !== '__proto__' && !RESERVED.has(key)) fields[key] = value as string;
  }
  const cause = 'cause' in error ? toWire(error.cause, undefined, depth + 1) : undefined;
  const errors =
    error instanceof AggregateError
      ? error.errors.slice(0, MAX_ERRORS).map((each: unknown) => toWire(each, undefined, depth + 1))
      : undefined;
  return {
    kind: 'error',
    name: text(error.name),
    message: text(error.message),
    stack: text(error.stack),
    fields,
    ...(failure && { failure }),
    ...(cause && { cause }),
    ...(errors && { errors }),
  };
}

const RESERVED = new Set(['name', 'message', 'stack', 'cause', 'errors']);

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, writable: true, configurable: true });
}
