import * as v from 'valibot';
import { SHED_REASONS, type ShedReason } from '../contract/errors.ts';
import { atLeast0 as number, above0 as positive } from '../contract/option-values.ts';
import { REPORT_FORMAT } from './report.ts';

const whole = v.pipe(
  v.number('a whole number of at least 0'),
  v.check((n) => Number.isInteger(n) && n >= 0, 'a whole number of at least 0'),
);
const text = v.string('a text');
const share = v.pipe(
  v.number('a number from 0 to 1'),
  v.check((n) => n >= 0 && n <= 1, 'a number from 0 to 1'),
);

const LATENCY = v.strictObject({
  count: whole,
  mean: number,
  p50: number,
  p90: number,
  p99: number,
  p999: number,
  max: number,
});
const reasons = Object.keys(SHED_REASONS) as [ShedReason, ...ShedReason[]];
const COUNTS = {
  offered: whole,
  completed: whole,
  failed: whole,
  cancelled: whole,
  rejected: whole,
  withinSlo: whole,
  shed: v.record(v.picklist(reasons, `one of ${reasons.join(', ')}`), whole, 'an object'),
};
const AGENT = v.strictObject({
  ...COUNTS,
  name: text,
  lane: v.picklist(['threads', 'loop'], "'threads' or 'loop'"),
  limit: v.nullable(positive),
  latencyMs: LATENCY,
  waitMs: LATENCY,
  serviceMs: LATENCY,
  histograms: v.strictObject({ latency: text, wait: text, service: text }),
});
const PRIORITY = v.strictObject({
  ...COUNTS,
  priority: v.picklist(['high', 'normal', 'low'], "'high', 'normal' or 'low'"),
  latencyMs: LATENCY,
});
const INTERVAL = v.strictObject({
  ...COUNTS,
  phase: v.picklist(['load', 'drain'], "'load' or 'drain'"),
  startMs: number,
  endMs: number,
  latencyMs: LATENCY,
  limits: v.array(
    v.strictObject({ name: text, concurrency: number, running: number, waiting: number }),
    'a list of limits',
  ),
  loopDelayMs: v.strictObject({ p50: number, p99: number, max: number }),
  loopUtilization: share,
  rssBytes: number,
  heapUsedBytes: number,
  generatorLagMs: number,
});

const WORK = v.variant(
  'kind',
  [
    v.strictObject({ kind: v.literal('cpu'), serviceMs: positive, sigma: number, stepsPerMs: positive }),
    v.strictObject({
      kind: v.literal('upstream'),
      knee: positive,
      contextTokens: whole,
      generatedTokens: whole,
    }),
    v.strictObject({ kind: v.literal('module') }),
  ],
  "what was done, of kind 'cpu', 'upstream' or 'module'",
);

/** The shape of a whole report; `LoadReport` says what its fields mean. */
export const REPORT_SCHEMA = v.strictObject({
  format: v.literal(REPORT_FORMAT.name),
  version: v.literal(REPORT_FORMAT.version),
  spillway: text,
  startedAt: v.pipe(v.string('a date in ISO 8601'), v.isoTimestamp('a date in ISO 8601')),
  machine: v.strictObject({
    node: text,
    platform: text,
    arch: text,
    cpuModel: text,
    cpus: positive,
    memoryBytes: number,
  }),
  run: v.strictObject({
    target: text,
    directory: text,
    work: WORK,
    arrivals: v.objectWithRest(
      { kind: text },
      v.nullable(v.union([v.string(), v.number()], 'a text, a number or null')),
    ),
    trace: v.nullable(text),
    priorities: v.strictObject({ high: number, normal: number, low: number }),
    seed: v.number('a number'),
    warmupMs: number,
    durationMs: positive,
    intervalMs: positive,
    drainMs: number,
    sloP99Ms: v.nullable(positive),
    config: v.nullable(text),
    engine: v.strictObject({
      threads: whole,
      queueLimit: positive,
      quantumMs: positive,
      policy: v.picklist(['adaptive', 'fixed', 'none', 'custom'], "'adaptive', 'fixed', 'none' or 'custom'"),
      threshold: v.nullable(share),
    }),
  }),
  validity: v.strictObject({
    valid: v.boolean('true or false'),
    reasons: v.array(text, 'a list of reasons'),
    lagMs: LATENCY,
  }),
  totals: v.strictObject(COUNTS),
  latencyMs: LATENCY,
  latencyHistogram: text,
  agents: v.array(AGENT, 'a list of agents'),
  priorities: v.array(PRIORITY, 'a list of priorities'),
  intervals: v.array(INTERVAL, 'a list of intervals'),
});
