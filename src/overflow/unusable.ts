import { SpillwayError } from '../contract/errors.ts';

/** The error for a folder that an overflow cannot be kept in. */
export function unusable(folder: string, why: string, cause?: unknown): SpillwayError {
  const options = cause === undefined ? undefined : { cause };
  return new SpillwayError('OVERFLOW_UNUSABLE', `overflow folder ${folder}: ${why}`, options);
}
