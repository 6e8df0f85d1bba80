import { DEFAULTS } from './options.ts';

/**
 * When an agent that fails is left alone for a while, and how it comes back. All options have defaults; `breaker: true`
 * takes them.
 */
export interface BreakerOptions {
  /** Share of failed calls, above 0 and at most 1, at which it opens. Default 0.05. */
  readonly errorShare?: number;
  /** Calls within the window below which no share says anything. Default 20. */
  readonly minCalls?: number;
  /** How far back calls count, in milliseconds. Default 10,000. */
  readonly windowMs?: number;
  /** Share of slow calls, above 0 and at most 1, at which it opens once that has lasted for a tenth of the window. Default 0.5. */
  readonly slowShare?: number;
  /** A call is slow if it takes longer, in milliseconds. Default: three times the p99 measured while closed, 10 at least. */
  readonly slowMs?: number;
  /** How long it stays open the first time, in milliseconds; twice as long each time that it opens again. Default 500. */
  readonly openMs?: number;
  /** The longest that it stays open at a time, in milliseconds. Default 1,500, or `openMs` if that is more. */
  readonly maxOpenMs?: number;
  /** Calls under way at once while it is half-open. Default 3. */
  readonly probes?: number;
  /** Calls in a row that have to succeed before it closes. Default 5. */
  readonly closeAfter?: number;
  /** Its agents count as `failed` once it has opened so often without closing. Default 3. */
  readonly failAfter?: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** A breaker as of now. */
export interface BreakerStats {
  readonly state: BreakerState;
  /** Calls that ended within the window; 0 unless it is closed. */
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
  /** Above it a call is slow, in milliseconds; `Infinity` until enough was measured. */
  readonly slowMs: number;
  /** How often it has opened since it was last closed. */
  readonly openings: number;
  /** When it will be half-open, in milliseconds from now; 0 unless it is open. */
  readonly retryAfterMs: number;
}

/** Options with their defaults filled in. */
export interface BreakerRules extends Required<Omit<BreakerOptions, 'slowMs'>> {
  /** `undefined` if the bound is measured. */
  readonly slowMs: number | undefined;
}

export function breakerRules(options: true | BreakerOptions): BreakerRules {
  const given = options === true ? {} : options;
  const { breaker } = DEFAULTS;
  const openMs = given.openMs ?? breaker.openMs;
  return {
    errorShare: given.errorShare ?? breaker.errorShare,
    minCalls: given.minCalls ?? breaker.minCalls,
    windowMs: given.windowMs ?? breaker.windowMs,
    slowShare: given.slowShare ?? breaker.slowShare,
    slowMs: given.slowMs,
    openMs,
    maxOpenMs: given.maxOpenMs ?? Math.max(openMs, breaker.maxOpenMs),
    probes: given.probes ?? breaker.probes,
    closeAfter: given.closeAfter ?? breaker.closeAfter,
    failAfter: given.failAfter ?? breaker.failAfter,
  };
}
