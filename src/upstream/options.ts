import * as v from 'valibot';
import { explainIssue } from '../contract/option-issue.ts';

/** Every default of the bundled upstream, once. It feeds the code, the command line's help and the documentation. */
export const UPSTREAM_DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  model: 'extractive-1',
  seed: 1,
  baseMs: 40,
  promptTokenMs: 0.02,
  outputTokenMs: 3,
  jitterSigma: 0.15,
  knee: 24,
  kneeExponent: 1.2,
  ratePerSecond: 200,
  burst: 100,
  maxOutputTokens: 96,
  maxBodyBytes: 4_194_304,
} as const;

/** Options of the bundled upstream. */
export interface UpstreamOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Name of its only model. Default `extractive-1`. */
  readonly model?: string;
  /** Seed of the jitter: the same seed gives the n-th call the same luck. Default 1. */
  readonly seed?: number;
  /** Time that every call takes, in milliseconds. Default 40. */
  readonly baseMs?: number;
  /** Time to read one token of the prompt, in milliseconds. Default 0.02. */
  readonly promptTokenMs?: number;
  /** Time to write one token of the answer, in milliseconds. Default 3. */
  readonly outputTokenMs?: number;
  /** Sigma of the lognormal factor (mean 1) that each call's time is multiplied by. Default 0.15; 0 is none. */
  readonly jitterSigma?: number;
  /** Concurrent calls that are served at full speed. Default 24. */
  readonly knee?: number;
  /** Past the knee each of n calls slows down by (n / knee) to this power. Default 1.2. */
  readonly kneeExponent?: number;
  /** Calls let in per second, on average; more are answered 429. Default 200. */
  readonly ratePerSecond?: number;
  /** Calls let in at once after a pause. Default 100. */
  readonly burst?: number;
  /** Longest answer, in tokens, whatever the caller asks for. Default 96. */
  readonly maxOutputTokens?: number;
  /** Largest request body, in bytes; a larger one is answered 413. Default 4,194,304. */
  readonly maxBodyBytes?: number;
}

const within = (what: string, fits: (n: number) => boolean) => v.pipe(v.number(what), v.check(fits, what));
const whole = (min: number, max: number) =>
  within(`a whole number from ${min} to ${max}`, (n) => Number.isInteger(n) && n >= min && n <= max);
const atLeast0 = within('a number of at least 0', (n) => Number.isFinite(n) && n >= 0);
const above0 = within('a number above 0', (n) => Number.isFinite(n) && n > 0);
const text = v.pipe(v.string('a text that is not empty'), v.minLength(1, 'a text that is not empty'));

const SCHEMA = v.strictObject({
  host: v.optional(text),
  port: v.optional(whole(0, 65_535)),
  model: v.optional(text),
  seed: v.optional(whole(0, 4_294_967_295)),
  baseMs: v.optional(atLeast0),
  promptTokenMs: v.optional(atLeast0),
  outputTokenMs: v.optional(atLeast0),
  jitterSigma: v.optional(atLeast0),
  knee: v.optional(above0),
  kneeExponent: v.optional(atLeast0),
  ratePerSecond: v.optional(above0),
  burst: v.optional(whole(1, 1_000_000_000)),
  maxOutputTokens: v.optional(whole(1, 1_000_000)),
  maxBodyBytes: v.optional(whole(1, 1_073_741_824)),
});

/**
 * Checks the options and fills in the defaults.
 * @throws ConfigError that names the option, what was expected and what came, and the nearest known name.
 */
export function upstreamOptions(options: UpstreamOptions): Required<UpstreamOptions> {
  const result = v.safeParse(SCHEMA, options, { abortEarly: true });
  if (!result.success) throw explainIssue(SCHEMA, result.issues[0], 'upstream');
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...UPSTREAM_DEFAULTS, ...Object.fromEntries(given) };
}
