import { inspect } from 'node:util';
import type { WireError, WireThrown } from './wire.ts';

/** Causes deeper than this are described, not carried. */
const MAX_CAUSES = 8;
/** Own fields carried with an error. */
const MAX_FIELDS = 32;

/** Puts whatever a handler threw into a form that can cross a thread boundary. Never throws. */
export function toWire(thrown: unknown, failure?: WireError['failure'], depth = 0): WireThrown {
  switch (typeof thrown) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return { kind: 'value', value: thrown };
    default:
      if (thrown === null) return { kind: 'value', value: null };
      try {
        if (isErrorLike(thrown) && depth < MAX_CAUSES) return errorToWire(thrown, failure, depth);
        return { kind: 'described', text: inspect(thrown, { depth: 2 }) };
      } catch (unreadable) {
        return { kind: 'described', text: `something that cannot be read (${String(unreadable)})` };
      }
  }
}

/** Rebuilds what was thrown: errors of the built-in types are of that type again. */
export function fromWire(wire: WireThrown): unknown {
  if (wire.kind === 'value') return wire.value;
  if (wire.kind === 'described') return wire.text;
  const error = new (BUILT_IN.get(wire.name) ?? Error)(wire.message);
  define(error, 'name', wire.name);
  define(error, 'stack', wire.stack);
  if (wire.cause !== undefined) define(error, 'cause', fromWire(wire.cause));
  for (const [key, value] of Object.entries(wire.fields)) {
    Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return error;
}

/** What was thrown, in one line for a message. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  if (typeof thrown === 'string') return `threw a string, not an Error: ${JSON.stringify(thrown)}`;
  return `threw ${inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY })}, not an Error`;
}

const BUILT_IN = new Map<string, ErrorConstructor>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

function isErrorLike(value: unknown): value is Error {
  // Errors of another realm (vm contexts) are no instances of ours.
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

function errorToWire(error: Error, failure: WireError['failure'], depth: number): WireError {
  const fields: Record<string, string | number | boolean | null> = {};
  for (const key of Object.keys(error).slice(0, MAX_FIELDS)) {
    const value = (error as unknown as Record<string, unknown>)[key];
    const plain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    if (plain && key !== '__proto__' && !RESERVED.has(key)) fields[key] = value as string;
  }
  return {
    kind: 'error',
    failure,
    name: String(error.name),
    message: String(error.message),
    stack: String(error.stack),
    cause: 'cause' in error ? toWire(error.cause, undefined, depth + 1) : undefined,
    fields,
  };
}

const RESERVED = new Set(['name', 'message', 'stack', 'cause']);

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, writable: true, configurable: true });
}
