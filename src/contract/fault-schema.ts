import * as v from 'valibot';
import { name, positiveMb, positiveMs, threshold } from './option-values.ts';

const target = { agent: name, share: v.optional(threshold), forMs: v.optional(positiveMs) };

/** What `injectFault` takes. */
export const FAULT = v.variant(
  'kind',
  [
    v.strictObject({
      kind: v.literal('crash'),
      ...target,
      how: v.optional(v.picklist(['exit', 'throw'], "'exit' or 'throw'")),
    }),
    v.strictObject({ kind: v.literal('hang'), ...target }),
    v.strictObject({ kind: v.literal('slow'), ...target, delayMs: v.optional(positiveMs) }),
    v.strictObject({ kind: v.literal('errors'), ...target, message: v.optional(name) }),
    v.strictObject({
      kind: v.literal('memory'),
      ...target,
      where: v.optional(v.picklist(['heap', 'buffers'], "'heap' or 'buffers'")),
      mb: v.optional(positiveMb),
      maxMb: v.optional(positiveMb),
    }),
  ],
  "'crash', 'hang', 'slow', 'errors' or 'memory'",
);
