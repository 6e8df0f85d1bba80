import type { Random } from '../contract/clock.ts';

/**
 * Why a model call failed: `busy` if the endpoint asks to come back later (429), `transient` if another try may help
 * (no connection, a broken stream, 408, 409, 5xx), `final` if it cannot.
 */
export type CallFailure =
  | { readonly kind: 'busy'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'transient'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'final' };

/** How often a chunk's call has been turned away and has failed so far. */
export interface CallHistory {
  readonly busy: number;
  readonly transient: number;
}

export interface RetryPolicy {
  /** How many transient failures are followed by another try. */
  readonly retries: number;
  /** A wait that the endpoint asks for and that is longer than this is not worth it, in milliseconds. */
  readonly maxWaitMs: number;
}

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 8_000;
const FIRST_SPREAD_MS = 100;

/**
 * How long to wait before the next try, in milliseconds; `undefined` to give up. `history` includes this failure.
 *
 * The endpoint's `Retry-After` is waited for in full. A random time is added to it that doubles with every refusal,
 * because all callers that were turned away are told the same moment and would be turned away together again.
 * Being turned away is no failure: it is bounded by the chunk's deadline, not by `retries`.
 */
export function retryDelayMs(
  failure: CallFailure,
  history: CallHistory,
  policy: RetryPolicy,
  random: Random,
): number | undefined {
  if (failure.kind === 'final') return undefined;
  if (failure.kind === 'transient' && history.transient > policy.retries) return undefined;
  const tries = failure.kind === 'busy' ? history.busy : history.transient;
  const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (tries - 1), MAX_BACKOFF_MS);
  if (failure.retryAfterMs === undefined) return backoffMs * (0.75 + random() * 0.25);
  if (failure.retryAfterMs > policy.maxWaitMs) return undefined;
  const spreadMs = Math.min(FIRST_SPREAD_MS * 2 ** (tries - 1), MAX_BACKOFF_MS);
  return failure.retryAfterMs + random() * spreadMs;
}
