import * as v from 'valibot';
import { explainIssue } from '../../contract/option-issue.ts';
import { fn, positiveInteger, shareBelow1, threshold } from '../../contract/option-values.ts';
import { AGGREGATE_BOUNDS } from './defaults.ts';

const maxItems = v.optional(positiveInteger(AGGREGATE_BOUNDS.maxItems));
const PATH = "a path such as 'score' or 'meta.score'";
const path = v.pipe(
  v.string(PATH),
  v.check((text) => text.split('.').every((key) => key !== ''), PATH),
);
const pathOrFunction = v.custom<unknown>(
  (value) => typeof value === 'function' || v.is(path, value),
  `${PATH}, or a function`,
);
const percentile = v.pipe(
  v.number('a number from 0 to 100'),
  v.check((n) => n >= 0 && n <= 100, 'a number from 0 to 100'),
);
const QUORUM = "a whole number of votes, a share above 0 and below 1, or 'majority'";
const quorum = v.custom<number | 'majority'>(
  (value) =>
    value === 'majority' ||
    v.is(shareBelow1, value) ||
    v.is(positiveInteger(AGGREGATE_BOUNDS.maxItems), value),
  QUORUM,
);

/** What each aggregation may be asked for, where the fields of items are read by `field`. */
const entriesWith = (field: v.GenericSchema) => ({
  collect: { maxItems },
  concat: { maxItems },
  merge: {
    by: v.optional(field),
    similarity: v.optional(v.strictObject({ of: field, atLeast: threshold })),
    sort: v.optional(
      v.strictObject({ by: field, order: v.optional(v.picklist(['asc', 'desc'], "'asc' or 'desc'")) }),
    ),
    limit: maxItems,
    maxItems,
  },
  stats: {
    of: v.optional(field),
    percentiles: v.optional(
      v.pipe(
        v.array(percentile, 'a list of numbers from 0 to 100'),
        v.maxLength(AGGREGATE_BOUNDS.percentiles, `at most ${AGGREGATE_BOUNDS.percentiles} percentiles`),
      ),
    ),
    exactUpTo: maxItems,
  },
  vote: { by: v.optional(field), quorum: v.optional(quorum), of: maxItems, maxOptions: maxItems },
});

const OPTIONS = entriesWith(pathOrFunction);
const SPECS = entriesWith(path);
const SCHEMAS = {
  collect: v.strictObject(OPTIONS.collect),
  concat: v.strictObject(OPTIONS.concat),
  merge: v.strictObject(OPTIONS.merge),
  stats: v.strictObject(OPTIONS.stats),
  vote: v.strictObject(OPTIONS.vote),
  fold: v.strictObject({
    init: fn('a function () => state'),
    step: fn('a function (state, value, index) => state'),
    combine: v.optional(fn('a function (left, right) => state')),
    maxItems,
  }),
  reshape: v.strictObject({
    schema: v.custom(
      (value) => typeof value === 'object' && value !== null && '~standard' in value,
      'a Standard Schema',
    ),
    of: v.custom(isAggregation, 'an aggregation, such as collect()'),
  }),
  reduction: v.strictObject({
    partItems: maxItems,
    fanIn: v.optional(
      v.pipe(
        positiveInteger(AGGREGATE_BOUNDS.fanIn),
        v.minValue(2, `a whole number from 2 to ${AGGREGATE_BOUNDS.fanIn}`),
      ),
    ),
  }),
  spec: v.variant(
    'kind',
    [
      v.strictObject({ kind: v.literal('collect'), ...SPECS.collect }),
      v.strictObject({ kind: v.literal('concat'), ...SPECS.concat }),
      v.strictObject({ kind: v.literal('merge'), ...SPECS.merge }),
      v.strictObject({ kind: v.literal('stats'), ...SPECS.stats }),
      v.strictObject({ kind: v.literal('vote'), ...SPECS.vote }),
    ],
    "{ kind: 'collect' }, { kind: 'concat' }, { kind: 'merge' }, { kind: 'stats' } or { kind: 'vote' }",
  ),
} as const;

/**
 * Checks `value` and returns it.
 * @param at what comes before the option's path in an error, such as `merge`
 * @throws ConfigError that names the option's path, what was expected and what came
 */
export function checkAggregate<T>(kind: keyof typeof SCHEMAS, value: T, at: string = kind): T {
  const schema: v.GenericSchema = SCHEMAS[kind];
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) throw explainIssue(schema, result.issues[0], at);
  return value;
}

function isAggregation(value: unknown): boolean {
  const methods = ['init', 'add', 'combine', 'finish'];
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  );
}
