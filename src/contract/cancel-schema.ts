import * as v from 'valibot';
import type { CancelFilter } from './cancel.ts';
import { ConfigError } from './errors.ts';
import { BOUNDS, fn, name, notNegativeMs } from './option-values.ts';

const level = v.custom<number>(
  (value) => Number.isInteger(value) && Math.abs(value as number) <= BOUNDS.priority,
  `a whole number within ±${BOUNDS.priority}`,
);

/** What to find a task by, beside others of its kind. */
export const CONDITIONS = {
  agent: v.optional(name),
  capability: v.optional(name),
  tenant: v.optional(name),
  tag: v.optional(name),
};

/** A filter's keys; `checkConditions` has the rest. */
export const CANCEL_FILTER = v.strictObject({
  ...CONDITIONS,
  all: v.optional(v.literal(true, 'true')),
  id: v.optional(name),
  priority: v.optional(
    v.pipe(
      v.strictObject({ min: v.optional(level), max: v.optional(level) }),
      v.check(
        ({ min, max }) => (min ?? max) !== undefined && (min ?? -BOUNDS.priority) <= (max ?? BOUNDS.priority),
        '{ min } or { max } or both, min no larger than max',
      ),
    ),
  ),
  where: v.optional(fn<() => boolean>('a function (task) => true or false')),
});

export const CANCEL_OPTIONS = v.strictObject({
  reason: v.optional(v.any()),
  graceMs: v.optional(notNegativeMs),
});

/** @throws ConfigError for a filter without conditions, which would mean everything, and for `all` beside conditions */
export function checkConditions(filter: CancelFilter): void {
  const given = Object.entries(filter).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (given.length === 1 || (given.length > 0 && !given.includes('all'))) return;
  const expected =
    given.length === 0 ? 'at least one condition, or { all: true }' : 'all, or conditions, not both';
  const received = given.length === 0 ? 'none' : given.join(', ');
  throw new ConfigError('INVALID_OPTION', 'cancel', `cancel: expected ${expected}, got ${received}`, {
    expected,
    received,
  });
}
