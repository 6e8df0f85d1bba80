import * as v from 'valibot';
import { positiveInteger, positiveMs, threshold } from './option-values.ts';

const MOST_CALLS = 1_000_000;

const RULES = v.pipe(
  v.strictObject(
    {
      errorShare: v.optional(threshold),
      minCalls: v.optional(positiveInteger(MOST_CALLS)),
      windowMs: v.optional(positiveMs),
      slowShare: v.optional(threshold),
      slowMs: v.optional(positiveMs),
      openMs: v.optional(positiveMs),
      maxOpenMs: v.optional(positiveMs),
      probes: v.optional(positiveInteger(1_000)),
      closeAfter: v.optional(positiveInteger(MOST_CALLS)),
      failAfter: v.optional(positiveInteger(1_000)),
    },
    'true, or an object of options',
  ),
  v.check(
    ({ openMs = 0, maxOpenMs = Number.POSITIVE_INFINITY }) => openMs <= maxOpenMs,
    'a maxOpenMs of at least openMs',
  ),
);

/** The option `breaker` of an agent. */
export const BREAKER = v.lazy((input) => (input === true ? v.literal(true) : RULES));
