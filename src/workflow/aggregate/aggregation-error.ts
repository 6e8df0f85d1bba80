import { SpillwayError } from '../../contract/errors.ts';
import { describeThrown } from '../../contract/thrown.ts';

/** Results could not be brought together. `cause` is what was thrown, if something was. */
export class AggregationError extends SpillwayError {
  /** Name of the aggregation. */
  readonly aggregation: string;
  /** The item that it could not take in, from 0; `undefined` if it was no single one. */
  readonly index: number | undefined;
  constructor(
    code: 'AGGREGATION_FAILED' | 'AGGREGATION_LIMIT',
    aggregation: string,
    index: number | undefined,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(
      code,
      `aggregation "${aggregation}"${index === undefined ? '' : `, item ${index}`}: ${message}`,
      options,
    );
    this.aggregation = aggregation;
    this.index = index;
  }
}

/** What is thrown for something that an aggregation, or a function of its options, threw. */
export function failedAggregation(
  aggregation: string,
  index: number | undefined,
  thrown: unknown,
): AggregationError {
  if (thrown instanceof AggregationError) return thrown;
  return new AggregationError('AGGREGATION_FAILED', aggregation, index, describeThrown(thrown), {
    cause: thrown,
  });
}

/** @throws AggregationError if there are more than `most` */
export function assertAtMost(
  count: number,
  most: number,
  aggregation: string,
  option: string,
  what: string,
): void {
  if (count <= most) return;
  const message = `more than ${most} ${what}; raise ${option}, or aggregate less at once`;
  throw new AggregationError('AGGREGATION_LIMIT', aggregation, undefined, message);
}
