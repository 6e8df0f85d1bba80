import type { SchemaIssue, StandardSchema } from '../../contract/standard-schema.ts';
import type { Aggregation } from './aggregation.ts';
import { AggregationError, failedAggregation } from './aggregation-error.ts';

/** What a schema makes of what it accepts. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/** See `reshape` in aggregations.ts. */
export function reshapeOf<S extends StandardSchema, I, A, O>(
  schema: S,
  of: Aggregation<I, A, O>,
): Aggregation<I, A, SchemaOutput<S>> {
  return {
    name: 'reshape',
    init: () => of.init(),
    add: (into, value, index) => of.add(into, value, index),
    combine: (left, right) => of.combine(left, right),
    finish: (state) => accepted(schema, of.finish(state)),
  };
}

function accepted<S extends StandardSchema>(schema: S, value: unknown): SchemaOutput<S> {
  let result: ReturnType<S['~standard']['validate']>;
  try {
    result = schema['~standard'].validate(value) as typeof result;
  } catch (error) {
    throw failedAggregation('reshape', undefined, error);
  }
  if (result instanceof Promise) {
    result.catch(() => {});
    throw refused('the schema is asynchronous; give one without asynchronous checks');
  }
  if (result.issues !== undefined)
    throw refused(result.issues.map(describeIssue).slice(0, MOST_ISSUES).join('; '));
  return result.value as SchemaOutput<S>;
}

/** Issues that the message lists. */
const MOST_ISSUES = 5;

function refused(why: string): AggregationError {
  return new AggregationError(
    'AGGREGATION_FAILED',
    'reshape',
    undefined,
    `the result does not match: ${why}`,
  );
}

function describeIssue({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((key) => String(typeof key === 'object' ? key.key : key));
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
}
