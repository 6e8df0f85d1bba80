import * as v from 'valibot';
import { folder, name, positiveInteger, positiveMs } from './option-values.ts';

export const POISON = v.strictObject({ kills: v.optional(positiveInteger(1_000)) });

export const DEAD_LETTERS = v.strictObject({
  on: v.optional(v.picklist(['poison', 'failed'], "'poison' or 'failed'")),
  limit: v.optional(positiveInteger(1_000_000)),
  ttlMs: v.optional(positiveMs),
  folder: v.optional(folder),
  maxBytes: v.optional(positiveInteger(Number.MAX_SAFE_INTEGER)),
});

const CONDITIONS = {
  agent: v.optional(name),
  capability: v.optional(name),
  tenant: v.optional(name),
  tag: v.optional(name),
  code: v.optional(name),
};
export const LETTER_FILTER = v.strictObject(CONDITIONS);
export const LETTER_LIST = v.strictObject({ ...CONDITIONS, limit: v.optional(positiveInteger(1_000_000)) });
export const REDRIVE = v.strictObject({
  signal: v.optional(v.custom<AbortSignal>((value) => value instanceof AbortSignal, 'an AbortSignal')),
});
