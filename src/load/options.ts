import * as v from 'valibot';
import { ConfigError } from '../contract/errors.ts';
import { explainIssue } from '../contract/option-issue.ts';
import { DEFAULTS } from '../contract/options.ts';
import { UPSTREAM_DEFAULTS } from '../upstream/options.ts';
import { ARRIVAL_KINDS, type ArrivalKind } from './arrivals.ts';

/** Admission policies that a load run can ask for. The only list of them. */
export const LOAD_POLICIES = ['adaptive', 'fixed', 'none'] as const;
export type LoadPolicy = (typeof LOAD_POLICIES)[number];

/** A rate of arrivals: so many a second, or so many times what the target was measured to do. */
export type Rate = { readonly perSecond: number } | { readonly timesCapacity: number };

/** How many of a hundred, or any other sum, tasks have each priority. */
export interface PriorityWeights {
  readonly high: number;
  readonly normal: number;
  readonly low: number;
}

/** Every default of the load benchmark, once. It feeds the code, the command line's help and the documentation. */
export const LOAD_DEFAULTS = {
  target: 'cpu',
  arrivals: 'poisson',
  rate: { perSecond: 100 },
  speed: 1,
  burst: { factor: 4, share: 0.2, periodMs: 5_000 },
  durationMs: 30_000,
  warmupMs: 5_000,
  intervalMs: 1_000,
  drainMs: 30_000,
  priorities: { high: 0, normal: 100, low: 0 },
  threads: DEFAULTS.threads.count,
  policy: DEFAULTS.admission.policy,
  threshold: DEFAULTS.fixed.threshold,
  queueLimit: DEFAULTS.queue.limit,
  quantumMs: DEFAULTS.batch.quantumMs,
  seed: 1,
  outDir: 'spillway-load',
  cpu: { serviceMs: 10, sigma: 0.5 },
  upstream: { concurrency: 64, knee: UPSTREAM_DEFAULTS.knee, contextTokens: 1_000, generatedTokens: 30 },
} as const;

/** How many times the rate `step` and `ramp` go to by default. */
export const CLIMB = 3;

/** Options of `runLoad`. */
export interface LoadOptions {
  /** `cpu`, `upstream`, or the path of a module with agents and tasks. Default `cpu`. */
  readonly target?: string;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Default `poisson`; `trace` if one is given. */
  readonly arrivals?: ArrivalKind;
  /** Mean rate of arrivals. Of a trace at a multiple of capacity, its mean. Default 100 a second. */
  readonly rate?: Rate;
  /** Where `step` and `ramp` go. Default: three times the rate. */
  readonly toRate?: Rate;
  /** CSV file of real calls. */
  readonly trace?: string;
  /** How many times faster than it was recorded a trace is replayed. Default 1. */
  readonly speed?: number;
  /** Of `bursty`. Default: 4 times the rate for a fifth of every 5 seconds. */
  readonly burst?: { readonly factor?: number; readonly share?: number; readonly periodMs?: number };
  /** The measured part, in milliseconds. Default 30,000; of a trace, what is left of it. */
  readonly durationMs?: number;
  /** Before it, not measured. Default 5,000. */
  readonly warmupMs?: number;
  /** Default 1,000. */
  readonly intervalMs?: number;
  /** How long the tasks that are outstanding at the end are waited for. Default 30,000. */
  readonly drainMs?: number;
  /** Default: all normal. */
  readonly priorities?: PriorityWeights;
  /** The objective: 99 of 100 tasks end within it, in milliseconds from their intended arrival. Default: none. */
  readonly sloP99Ms?: number;
  readonly threads?: number;
  readonly policy?: LoadPolicy;
  readonly threshold?: number;
  readonly queueLimit?: number;
  readonly quantumMs?: number;
  /** A file that `spillway tune` wrote. What is given beside it comes first. Default: none. */
  readonly config?: string;
  readonly seed?: number;
  /** Folder for the report files; made if it does not exist. Default `spillway-load`. */
  readonly outDir?: string;
  /** Built-in CPU work: mean service time in milliseconds, and sigma of its lognormal factor. */
  readonly cpu?: {
    readonly serviceMs?: number;
    readonly sigma?: number;
    /** How much work is a millisecond: that of another run, so that this one does the same. Default: it is measured. */
    readonly stepsPerMs?: number;
  };
  /** Calls to the bundled upstream. */
  readonly upstream?: {
    readonly concurrency?: number;
    readonly knee?: number;
    readonly contextTokens?: number;
    readonly generatedTokens?: number;
  };
}

/** Options with the defaults filled in. */
export type FullLoadOptions = Omit<LoadOptions, 'burst' | 'cpu' | 'upstream'> &
  Required<
    Omit<
      LoadOptions,
      'toRate' | 'trace' | 'durationMs' | 'sloP99Ms' | 'config' | 'burst' | 'cpu' | 'upstream'
    >
  > & {
    readonly burst: { readonly factor: number; readonly share: number; readonly periodMs: number };
    readonly cpu: { readonly serviceMs: number; readonly sigma: number; readonly stepsPerMs?: number };
    readonly upstream: Required<NonNullable<LoadOptions['upstream']>>;
  };

const within = (what: string, fits: (n: number) => boolean) =>
  v.pipe(
    v.number(what),
    v.check((n) => Number.isFinite(n) && fits(n), what),
  );
const whole = (min: number, max: number) =>
  within(`a whole number from ${min} to ${max}`, (n) => Number.isInteger(n) && n >= min && n <= max);
const above0 = within('a number above 0', (n) => n > 0);
const atLeast0 = within('a number of at least 0', (n) => n >= 0);
const DAY_MS = 86_400_000;
const ms = within('a number of milliseconds above 0, at most a day', (n) => n > 0 && n <= DAY_MS);
const msOr0 = within('a number of milliseconds from 0 to a day', (n) => n >= 0 && n <= DAY_MS);
const text = v.pipe(v.string('a text that is not empty'), v.minLength(1, 'a text that is not empty'));
const RATE = v.union(
  [v.strictObject({ perSecond: above0 }), v.strictObject({ timesCapacity: above0 })],
  '{ perSecond } or { timesCapacity }, a number above 0',
);
const oneOf = <const T extends readonly string[]>(names: T) => v.picklist(names, names.join(', '));

const SCHEMA = v.strictObject({
  target: v.optional(text),
  cwd: text,
  arrivals: v.optional(oneOf(ARRIVAL_KINDS)),
  rate: v.optional(RATE),
  toRate: v.optional(RATE),
  trace: v.optional(text),
  speed: v.optional(above0),
  burst: v.optional(
    v.strictObject({
      factor: v.optional(within('a number of at least 1', (n) => n >= 1)),
      share: v.optional(within('a number between 0 and 1', (n) => n > 0 && n < 1)),
      periodMs: v.optional(ms),
    }),
  ),
  durationMs: v.optional(ms),
  warmupMs: v.optional(msOr0),
  intervalMs: v.optional(within('a number of milliseconds from 10 to a day', (n) => n >= 10 && n <= DAY_MS)),
  drainMs: v.optional(msOr0),
  priorities: v.optional(
    v.pipe(
      v.strictObject({ high: atLeast0, normal: atLeast0, low: atLeast0 }),
      v.check((w) => w.high + w.normal + w.low > 0, 'weights of which one at least is above 0'),
    ),
  ),
  sloP99Ms: v.optional(ms),
  threads: v.optional(whole(1, 1_024)),
  policy: v.optional(oneOf(LOAD_POLICIES)),
  threshold: v.optional(within('a number above 0, at most 1', (n) => n > 0 && n <= 1)),
  queueLimit: v.optional(whole(1, 10_000_000)),
  quantumMs: v.optional(ms),
  config: v.optional(text),
  seed: v.optional(whole(0, 4_294_967_295)),
  outDir: v.optional(text),
  cpu: v.optional(
    v.strictObject({
      serviceMs: v.optional(ms),
      sigma: v.optional(atLeast0),
      stepsPerMs: v.optional(above0),
    }),
  ),
  upstream: v.optional(
    v.strictObject({
      concurrency: v.optional(whole(1, 10_000)),
      knee: v.optional(above0),
      contextTokens: v.optional(whole(1, 100_000)),
      generatedTokens: v.optional(whole(1, 100_000)),
    }),
  ),
});

/** @throws ConfigError that names the option, what was expected and what came, and the nearest known name. */
export function checkLoadOptions(options: LoadOptions): void {
  const result = v.safeParse(SCHEMA, options, { abortEarly: true });
  if (!result.success) throw explainIssue(SCHEMA, result.issues[0], '');
}

/**
 * Checks the options and fills in what they leave open.
 * @param tuned what comes before the defaults
 * @throws ConfigError as `checkLoadOptions`, also for options that do not fit together
 */
export function loadOptions(options: LoadOptions, tuned: Partial<LoadOptions> = {}): FullLoadOptions {
  checkLoadOptions(options);
  const { durationMs: _ofRates, ...defaults } = LOAD_DEFAULTS;
  const given = withoutUndefined(options);
  const full = {
    ...defaults,
    arrivals: options.trace === undefined ? defaults.arrivals : ('trace' as const),
    ...tuned,
    ...given,
    burst: { ...defaults.burst, ...withoutUndefined(options.burst ?? {}) },
    cpu: { ...defaults.cpu, ...withoutUndefined(options.cpu ?? {}) },
    upstream: { ...defaults.upstream, ...withoutUndefined(options.upstream ?? {}) },
  };
  checkTogether(full, options);
  return full;
}

/** What is right by itself may still not fit together. */
function checkTogether(full: FullLoadOptions, given: LoadOptions): void {
  const { arrivals, trace, burst } = full;
  if (arrivals === 'trace' && trace === undefined) throw wrong('trace', 'name the CSV file to replay');
  if (arrivals !== 'trace' && trace !== undefined) {
    throw wrong('arrivals', `expected trace, as a trace is given, got ${arrivals}`);
  }
  if (given.speed !== undefined && arrivals !== 'trace') throw wrong('speed', 'it is for a trace only');
  if (arrivals === 'trace' && given.rate !== undefined) {
    if ('perSecond' in given.rate)
      throw wrong('rate', 'a trace has its own; choose a speed or a multiple of capacity');
    if (given.speed !== undefined) throw wrong('speed', 'choose a speed or a multiple of capacity, not both');
  }
  if (given.toRate !== undefined && arrivals !== 'step' && arrivals !== 'ramp') {
    throw wrong('toRate', `it is for arrivals step and ramp only, not for ${arrivals}`);
  }
  if (arrivals === 'bursty' && burst.factor * burst.share > 1) {
    const share = `${burst.share} of the time at ${burst.factor} times the rate`;
    throw wrong('burst', `${share} is more than the whole rate; lower the factor or the share`);
  }
}

function wrong(path: string, message: string): ConfigError {
  return new ConfigError('INVALID_OPTION', path, `${path}: ${message}`);
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
