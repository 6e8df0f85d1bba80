import * as v from 'valibot';
import { explainIssue } from '../contract/option-issue.ts';
import { DEFAULTS } from '../contract/options.ts';

/** Every default of the digest, once. It feeds the code, the command line's help and the documentation. */
export const DIGEST_DEFAULTS = {
  /** About 8,000 tokens: fits the context of every current model, and few calls are made for much text. */
  chunkBytes: 32_768,
  concurrency: 16,
  threads: DEFAULTS.threads.count,
  timeoutMs: 60_000,
  retries: 3,
  outDir: 'spillway-out',
  maxChunksKept: 50_000,
} as const;

/** Bounds that are not options: what the result lists and what a chunk leaves behind. */
export const DIGEST_BOUNDS = {
  termsPerChunk: 20,
  summaryChars: 400,
  groupsListed: 100,
  membersListed: 20,
  termsListed: 10,
  corpusTermsListed: 30,
  summariesListed: 50,
  errorsListed: 200,
} as const;

/** Options of `runDigest`. */
export interface DigestOptions {
  /** Files, folders and glob patterns. None: the documentation that npm installed. */
  readonly paths?: readonly string[];
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Folder for the result files; made if it does not exist. Default `spillway-out`. */
  readonly outDir?: string;
  /** Largest chunk, in bytes, 1,024 to 1,048,576. Default 32,768. */
  readonly chunkBytes?: number;
  /** Model calls in flight at once. Default 16. */
  readonly concurrency?: number;
  /** Worker threads. Default: as many as the machine runs at once. */
  readonly threads?: number;
  /** Longest time one model call may take, in milliseconds. A chunk, with all its retries, may take five of it. */
  readonly timeoutMs?: number;
  /** How often a failed call is made again; waiting for the rate limit (429) does not count. Default 3. */
  readonly retries?: number;
  /** Base URL of an OpenAI-compatible endpoint. Default: the bundled upstream is started. */
  readonly baseUrl?: string;
  /** Key for that endpoint. Default: none. */
  readonly apiKey?: string;
  /** Model name; needed with `baseUrl`. */
  readonly model?: string;
  /** Recomputes the CPU part in one thread and compares it. Default false. */
  readonly verify?: boolean;
  /** Chunks whose details the reduce step remembers; memory grows with it, not with the corpus. Default 50,000. */
  readonly maxChunksKept?: number;
}

/** Options with the defaults filled in. */
export type FullDigestOptions = DigestOptions & Required<Pick<DigestOptions, keyof typeof DIGEST_DEFAULTS>>;

const whole = (min: number, max: number) => {
  const what = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(what),
    v.check((n) => Number.isInteger(n) && n >= min && n <= max, what),
  );
};
const text = v.pipe(v.string('a text that is not empty'), v.minLength(1, 'a text that is not empty'));
const url = v.pipe(v.string('an http or https URL'), v.check(isHttpUrl, 'an http or https URL'));

const SCHEMA = v.strictObject({
  paths: v.optional(v.array(text, 'a list of paths')),
  cwd: text,
  outDir: v.optional(text),
  chunkBytes: v.optional(whole(1_024, 1_048_576)),
  concurrency: v.optional(whole(1, 10_000)),
  threads: v.optional(whole(1, 1_024)),
  timeoutMs: v.optional(whole(1, 86_400_000)),
  retries: v.optional(whole(0, 100)),
  baseUrl: v.optional(url),
  apiKey: v.optional(v.string('a text')),
  model: v.optional(text),
  verify: v.optional(v.boolean('true or false')),
  maxChunksKept: v.optional(whole(1, 10_000_000)),
});

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/**
 * Checks the options and fills in the defaults.
 * @throws ConfigError that names the option, what was expected and what came, and the nearest known name.
 */
export function digestOptions(options: DigestOptions): FullDigestOptions {
  const result = v.safeParse(SCHEMA, options, { abortEarly: true });
  if (!result.success) throw explainIssue(SCHEMA, result.issues[0], '');
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DIGEST_DEFAULTS, ...(Object.fromEntries(given) as unknown as DigestOptions) };
}
