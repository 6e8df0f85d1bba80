import { wallNowMs } from './clock.ts';
import { header, retryAfterOf } from './upstream-busy.ts';

/** What a provider says of one of its limits. */
export interface Allowance {
  /** How much there is in all, a minute. */
  readonly limit?: number;
  /** How much of it is left. */
  readonly remaining?: number;
  /** When it is all there again, in milliseconds from now. */
  readonly resetMs?: number;
}

/** What a provider's answer says of its rate limits. */
export interface RateLimit {
  readonly requests?: Allowance;
  readonly tokens?: Allowance;
  /** When it wants to be asked again, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/** How headers are called: `x-ratelimit-limit-requests` (OpenAI and those that follow it), and Anthropic's. */
const FAMILIES = [
  (what: string, field: string) => `x-ratelimit-${field}-${what}`,
  (what: string, field: string) => `anthropic-ratelimit-${what}-${field}`,
] as const;
const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads the rate-limit headers of an answer: a `Headers`, or an object with names in any case. `undefined` if there are none.
 * @param wallNow milliseconds since the epoch, for times that are dates
 */
export function rateLimitFrom(headers: unknown, wallNow: () => number = wallNowMs): RateLimit | undefined {
  const requests = allowance(headers, 'requests', wallNow);
  const tokens = allowance(headers, 'tokens', wallNow);
  const retryAfterMs = retryAfterOf(headers, wallNow);
  if (requests === undefined && tokens === undefined && retryAfterMs === undefined) return undefined;
  return {
    ...(requests && { requests }),
    ...(tokens && { tokens }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

function allowance(headers: unknown, what: string, wallNow: () => number): Allowance | undefined {
  for (const nameOf of FAMILIES) {
    const limit = amount(header(headers, nameOf(what, 'limit')));
    const remaining = amount(header(headers, nameOf(what, 'remaining')));
    const resetMs = duration(header(headers, nameOf(what, 'reset')), wallNow);
    if (limit === undefined && remaining === undefined) continue;
    return {
      ...(limit !== undefined && { limit }),
      ...(remaining !== undefined && { remaining }),
      ...(resetMs !== undefined && { resetMs }),
    };
  }
  return undefined;
}

/** Nothing that is no number of at least 0 is believed. */
function amount(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return value >= 0 && Number.isFinite(value) ? value : undefined;
}

/** `6m0s`, `1.5s`, `120ms`; a number of seconds; a date. */
function duration(text: string | undefined, wallNow: () => number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = amount(text);
  if (seconds !== undefined) return seconds * 1_000;
  if (/^\s*(\d+(\.\d+)?(ms|[smhd])\s*)+$/.test(text)) {
    let sumMs = 0;
    for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
      sumMs += Number(value) * UNITS_MS[unit!]!;
    }
    return sumMs;
  }
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - wallNow());
}
