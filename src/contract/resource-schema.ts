import * as v from 'valibot';
import { above0, atLeast0, name, positiveInteger } from './option-values.ts';
import { DEFAULTS } from './options.ts';

// What the options `resources` and `budgets` may be. Their messages are what an error says was expected.

const COST_PER_UNIT = v.strictObject({
  requestUsd: v.optional(atLeast0),
  millionInputTokensUsd: v.optional(atLeast0),
  millionOutputTokensUsd: v.optional(atLeast0),
});
const AT_MOST_A_MINUTE = `a number of milliseconds from 1 to ${DEFAULTS.resource.windowMs}`;
const RESOURCE = v.pipe(
  v.strictObject({
    concurrency: v.optional(positiveInteger(1_000_000)),
    requestsPerMinute: v.optional(above0),
    tokensPerMinute: v.optional(above0),
    windowMs: v.optional(
      v.pipe(
        v.number(AT_MOST_A_MINUTE),
        v.check((ms) => ms >= 1 && ms <= DEFAULTS.resource.windowMs, AT_MOST_A_MINUTE),
      ),
    ),
    costPerUnit: v.optional(COST_PER_UNIT),
  }),
  v.check(
    ({ requestsPerMinute, windowMs = DEFAULTS.resource.windowMs }) =>
      requestsPerMinute === undefined || requestsPerMinute * windowMs >= DEFAULTS.resource.windowMs,
    'a requestsPerMinute of at least one call in windowMs, or a longer windowMs',
  ),
);
export const RESOURCES = v.record(name, RESOURCE);

const MOST_BUDGETS = 1_000;
const SPENT_BY = "'day' or 'total'";
const BUDGET = v.pipe(
  v.strictObject({
    name: v.optional(name),
    tenant: v.optional(name),
    workflow: v.optional(name),
    per: v.optional(v.picklist(['day', 'total'], SPENT_BY)),
    usd: v.optional(atLeast0),
    tokens: v.optional(atLeast0),
  }),
  v.check(({ usd, tokens }) => usd !== undefined || tokens !== undefined, 'usd, tokens or both'),
);
export const BUDGETS = v.pipe(
  v.array(BUDGET, 'a list of budgets'),
  v.maxLength(MOST_BUDGETS, `at most ${MOST_BUDGETS} budgets`),
);

const MOST_RESOURCES = 16;
export const resourceNames = v.pipe(
  v.array(name, 'a list of names'),
  v.maxLength(MOST_RESOURCES, `at most ${MOST_RESOURCES} names`),
);
