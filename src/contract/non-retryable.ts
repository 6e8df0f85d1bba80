import { SpillwayError } from './errors.ts';

const NAME = 'NonRetryableError';

/**
 * What a handler throws when another attempt would fail in the same way: the task fails at once, whatever its retry
 * policy. Its fallback still runs.
 */
export class NonRetryableError extends SpillwayError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('NON_RETRYABLE', message, options);
    // Of classes derived from this one, too: errors come from threads as data, and are known by their name there.
    this.name = NAME;
  }
}

/** Whether what a handler threw says that there is no use in another attempt. Never throws. */
export function isNonRetryable(thrown: unknown): boolean {
  try {
    return thrown instanceof Error && (thrown instanceof NonRetryableError || thrown.name === NAME);
  } catch {
    // What was thrown may be anything, such as a proxy that throws when it is read.
    return false;
  }
}
