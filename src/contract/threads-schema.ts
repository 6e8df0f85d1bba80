import * as v from 'valibot';
import { positiveInteger, positiveMb, positiveMs, shareBelow1 } from './option-values.ts';

const megabytes = v.optional(positiveMb);
const RESOURCE_LIMITS = v.strictObject({
  maxOldGenerationSizeMb: megabytes,
  maxYoungGenerationSizeMb: megabytes,
  codeRangeSizeMb: megabytes,
  stackSizeMb: megabytes,
});
const RECYCLE = v.strictObject({
  heapMb: megabytes,
  externalMb: megabytes,
  tasks: v.optional(positiveInteger(1_000_000_000)),
});
const SCALING = v.strictObject({
  targetLoad: v.optional(shareBelow1),
  coolDownMs: v.optional(positiveMs),
  quietMs: v.optional(positiveMs),
});
type Counts = { min?: number | undefined; max?: number | undefined; count?: number | undefined };
const UPPER = 'a number of threads that is not below threads.min';
const LOWER = 'a number of threads that is not above threads.max';
/** What is given has to be in order; what is left open adapts. */
const ORDERED_THREADS = [
  v.forward(
    v.check(({ min, max }: Counts) => min === undefined || max === undefined || min <= max, UPPER),
    ['max'],
  ),
  v.forward(
    v.check(({ min, count }: Counts) => min === undefined || count === undefined || min <= count, UPPER),
    ['count'],
  ),
  v.forward(
    v.check(({ max, count }: Counts) => max === undefined || count === undefined || count <= max, LOWER),
    ['count'],
  ),
] as const;
/** The option `threads` of an engine. */
export const THREADS = v.pipe(
  v.strictObject({
    count: v.optional(positiveInteger(1_024)),
    min: v.optional(positiveInteger(1_024)),
    max: v.optional(positiveInteger(1_024)),
    scaling: v.optional(SCALING),
    resourceLimits: v.optional(RESOURCE_LIMITS),
    stallMs: v.optional(positiveMs),
    startTimeoutMs: v.optional(positiveMs),
    recycle: v.optional(RECYCLE),
  }),
  ...ORDERED_THREADS,
);
