import * as v from 'valibot';
import { explainIssue } from '../contract/option-issue.ts';
import type { EngineOptions } from '../contract/options.ts';
import { assertFormat, inFile, readJson } from '../report/read-report.ts';

/** The name and version of the file. A reader refuses any other version. */
export const CONFIG_FORMAT = { name: 'spillway-config', version: 1 } as const;

/** Where a value comes from. */
export interface Evidence {
  /** The percentile that it was computed from, 0 to 100; `null` if it comes from counts or means. */
  readonly percentile: number | null;
  /** How many measurements stand behind it. */
  readonly samples: number;
  /** Name of the report. */
  readonly report: string;
}

/** What the engine is expected to do with the offered load of the report. */
export interface Expectation {
  readonly p99Ms: number;
  /** Completed within the objective, a second. */
  readonly goodputPerSecond: number;
}

/** One tuned value, with what speaks for it. */
export interface TunedValue {
  readonly value: number;
  readonly from: Evidence;
  /** In words. */
  readonly because: string;
  /** With all values as tuned. */
  readonly expected: Expectation;
  /** With all values as tuned but this one, which stays as it was measured; `null` where the model does not see it. */
  readonly without: Expectation | null;
}

export interface TunedAgent {
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  /** `null` for agents on threads, which share the threads. */
  readonly limit: TunedValue | null;
  readonly timeoutMs: TunedValue;
}

/** What `spillway tune` writes, and `createEngine({ config })` and `spillway load --config` take. */
export interface SpillwayConfig {
  readonly format: typeof CONFIG_FORMAT.name;
  readonly version: typeof CONFIG_FORMAT.version;
  /** Of the package. */
  readonly spillway: string;
  /** Names of the reports; the first one is of the run whose load the predictions are for. */
  readonly reports: readonly string[];
  readonly objective: {
    readonly sloP99Ms: number;
    /** Always so: where an objective is not feasible, no file is written. */
    readonly feasible: true;
    /** The agent that comes closest to the objective, and stands in the way of a lower one. */
    readonly nearest: { readonly agent: string; readonly p99Ms: number };
  };
  readonly threads: TunedValue;
  /** Most tasks that may wait, and what the threshold is a share of. */
  readonly queueLimit: TunedValue;
  /** Of the fixed admission policy: the share of the queue's limit at which tasks are shed. */
  readonly threshold: TunedValue;
  readonly quantumMs: TunedValue;
  readonly agents: readonly TunedAgent[];
  readonly predicted: {
    readonly offeredPerSecond: number;
    readonly goodputPerSecond: number;
    readonly shedShare: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    /** Between the luckiest and the unluckiest of the simulated runs. */
    readonly p99RangeMs: { readonly low: number; readonly high: number };
    readonly agents: readonly { readonly name: string; readonly p99Ms: number }[];
  };
  /** The model's p99 for the measured run, beside the measured one; `null` if it cannot simulate that run's policy. */
  readonly model: { readonly simulatedP99Ms: number; readonly measuredP99Ms: number } | null;
}

const atLeast0 = v.pipe(
  v.number('a number of at least 0'),
  v.check((n) => Number.isFinite(n) && n >= 0, 'a number of at least 0'),
);
const above0 = v.pipe(
  v.number('a number above 0'),
  v.check((n) => Number.isFinite(n) && n > 0, 'a number above 0'),
);
const whole = v.pipe(
  v.number('a whole number of at least 1'),
  v.check((n) => Number.isInteger(n) && n >= 1, 'a whole number of at least 1'),
);
const share = v.pipe(
  v.number('a number above 0, at most 1'),
  v.check((n) => n > 0 && n <= 1, 'a number above 0, at most 1'),
);
const text = v.string('a text');
const EXPECTATION = v.strictObject({ p99Ms: atLeast0, goodputPerSecond: atLeast0 });
const tuned = (value: v.GenericSchema) =>
  v.strictObject({
    value,
    from: v.strictObject({ percentile: v.nullable(atLeast0), samples: atLeast0, report: text }),
    because: text,
    expected: EXPECTATION,
    without: v.nullable(EXPECTATION),
  });
const P99 = { p99Ms: atLeast0 };
const SCHEMA = v.strictObject({
  format: v.literal(CONFIG_FORMAT.name),
  version: v.literal(CONFIG_FORMAT.version),
  spillway: text,
  reports: v.array(text, 'a list of names'),
  objective: v.strictObject({
    sloP99Ms: above0,
    feasible: v.literal(true, 'true'),
    nearest: v.strictObject({ agent: text, ...P99 }),
  }),
  threads: tuned(whole),
  queueLimit: tuned(whole),
  threshold: tuned(share),
  quantumMs: tuned(above0),
  agents: v.array(
    v.strictObject({
      name: text,
      lane: v.picklist(['threads', 'loop'], "'threads' or 'loop'"),
      limit: v.nullable(tuned(whole)),
      timeoutMs: tuned(above0),
    }),
    'a list of agents',
  ),
  predicted: v.strictObject({
    offeredPerSecond: atLeast0,
    goodputPerSecond: atLeast0,
    shedShare: atLeast0,
    p50Ms: atLeast0,
    ...P99,
    p99RangeMs: v.strictObject({ low: atLeast0, high: atLeast0 }),
    agents: v.array(v.strictObject({ name: text, ...P99 }), 'a list of agents'),
  }),
  model: v.nullable(v.strictObject({ simulatedP99Ms: atLeast0, measuredP99Ms: atLeast0 })),
});

/**
 * Checks that a value is a whole configuration of this version.
 * @param at what the value is called in errors, such as its path
 * @throws ConfigError that names the field, what was expected and what came
 */
export function parseConfig(value: unknown, at: string): SpillwayConfig {
  assertFormat(value, CONFIG_FORMAT, 'tuned configuration', at);
  const result = v.safeParse(SCHEMA, value, { abortEarly: true });
  if (!result.success) throw inFile(explainIssue(SCHEMA, result.issues[0], ''), at);
  return value as SpillwayConfig;
}

/** Reads a `spillway.config.json`. @throws SpillwayError `REPORT_UNREADABLE`; ConfigError as `parseConfig` */
export async function readConfig(path: string): Promise<SpillwayConfig> {
  return parseConfig(await readJson(path, 'a tuned configuration'), path);
}

/** What of the options of an agent a configuration decides. */
export interface TunedAgentOptions {
  readonly limit?: number;
  readonly timeoutMs: number;
}

/** The options that a configuration stands for. Those of the agents are told apart, for agents are made by their user. */
export function engineOptionsOf(config: SpillwayConfig): {
  readonly engine: Required<Pick<EngineOptions, 'threads' | 'queue' | 'admission' | 'batch'>>;
  readonly agents: ReadonlyMap<string, TunedAgentOptions>;
} {
  const { threads, queueLimit, threshold, quantumMs, agents } = config;
  return {
    engine: {
      threads: { count: threads.value },
      queue: { limit: queueLimit.value },
      admission: { policy: 'fixed', threshold: threshold.value, capacity: queueLimit.value },
      batch: { quantumMs: quantumMs.value },
    },
    agents: new Map(
      agents.map(({ name, limit, timeoutMs }) => [
        name,
        { timeoutMs: timeoutMs.value, ...(limit !== null && { limit: limit.value }) },
      ]),
    ),
  };
}
