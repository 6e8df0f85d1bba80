import * as v from 'valibot';
import { explainIssue } from './option-issue.ts';
import { above0, atLeast0, threshold } from './option-values.ts';
import { CONFIG_FORMAT, type SpillwayConfig } from './tuned-config.ts';
import { assertFormat, inFile } from './versioned-file.ts';

const whole = v.pipe(
  v.number('a whole number of at least 1'),
  v.check((n) => Number.isInteger(n) && n >= 1, 'a whole number of at least 1'),
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
  threshold: tuned(threshold),
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
