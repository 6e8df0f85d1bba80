import * as v from 'valibot';
import { ConfigError } from '../../contract/errors.ts';
import { describe, explainIssue } from '../../contract/option-issue.ts';
import { fn, positiveInteger } from '../../contract/option-values.ts';
import { CHUNK_BOUNDS } from './defaults.ts';

const count = positiveInteger(CHUNK_BOUNDS.count);
const BYTES = `a whole number from ${CHUNK_BOUNDS.leastBytes} to ${CHUNK_BOUNDS.bytes}`;
const bytes = v.pipe(
  v.number(BYTES),
  v.check((n) => Number.isInteger(n) && n >= CHUNK_BOUNDS.leastBytes && n <= CHUNK_BOUNDS.bytes, BYTES),
);
const maxLineBytes = v.optional(bytes);
const SCHEMAS = {
  chunk: v.variant(
    'by',
    [
      v.strictObject({ by: v.literal('count'), items: count }),
      v.strictObject({ by: v.literal('bytes'), bytes }),
      v.strictObject({ by: v.literal('lines'), lines: count, maxLineBytes }),
      v.strictObject({
        by: v.literal('tokens'),
        tokens: count,
        estimate: v.optional(fn('a function (text) => tokens')),
        maxLineBytes,
      }),
      v.strictObject({
        by: v.literal('key'),
        keyOf: fn('a function (item) => key'),
        maxOpen: v.optional(positiveInteger(CHUNK_BOUNDS.maxOpen)),
        maxItems: v.optional(count),
      }),
    ],
    "{ by: 'count' }, { by: 'bytes' }, { by: 'lines' }, { by: 'tokens' } or { by: 'key' }",
  ),
  readLines: v.strictObject({ maxLineBytes }),
  splitFiles: v.strictObject({ bytes, onUnreadable: v.optional(fn('a function (path, error) => void')) }),
} as const;

/**
 * Checks `value` and returns it.
 * @throws ConfigError that names the option's path, what was expected and what came
 */
export function checkChunking<T>(kind: keyof typeof SCHEMAS, value: T): T {
  const schema: v.GenericSchema = SCHEMAS[kind];
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) throw explainIssue(schema, result.issues[0], kind);
  return value;
}

/** @throws ConfigError if it is nothing that gives items one after another; a string gives its characters, which nobody means */
export function checkSource<T>(path: string, source: T, expected: string): T {
  const isList = typeof source === 'object' && source !== null;
  if (isList && (Symbol.iterator in source || Symbol.asyncIterator in source)) return source;
  const received = describe(source);
  const message = `${path}: expected ${expected}, got ${received}`;
  throw new ConfigError('INVALID_OPTION', path, message, { expected, received });
}
