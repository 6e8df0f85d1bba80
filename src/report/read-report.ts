import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { ConfigError, SHED_REASONS } from '../contract/errors.ts';
import { describe, explainIssue } from '../contract/option-issue.ts';
import { decodeHistogram } from './latency-histogram.ts';
import { type LoadReport, REPORT_FORMAT } from './report.ts';

const number = v.pipe(
  v.number('a number'),
  v.check((n) => Number.isFinite(n), 'a number'),
);
const amount = v.pipe(
  number,
  v.check((n) => n >= 0, 'a number of at least 0'),
);
const count = v.pipe(
  amount,
  v.check((n) => Number.isInteger(n), 'a whole number of at least 0'),
);
const text = v.string('a text');
const histogram = v.pipe(text, v.check(isHistogram, 'an HdrHistogram, V2 compressed, in base64'));
const latency = v.object({
  count,
  mean: amount,
  p50: amount,
  p90: amount,
  p99: amount,
  p999: amount,
  max: amount,
});
const counts = {
  offered: count,
  completed: count,
  failed: count,
  cancelled: count,
  rejected: count,
  withinSlo: count,
  shed: v.record(v.picklist(Object.keys(SHED_REASONS), 'a reason of a shed task'), count),
};
const list = <S extends v.GenericSchema>(item: S) => v.array(item, 'a list');

const SCHEMA = v.object({
  format: v.literal(REPORT_FORMAT.name),
  version: v.literal(REPORT_FORMAT.version),
  spillway: text,
  startedAt: v.pipe(
    text,
    v.check((s) => !Number.isNaN(Date.parse(s)), 'a date'),
  ),
  machine: v.object({
    node: text,
    platform: text,
    arch: text,
    cpuModel: text,
    cpus: count,
    memoryBytes: count,
  }),
  run: v.object({
    target: text,
    arrivals: v.objectWithRest({ kind: text }, v.nullable(v.union([text, number]))),
    seed: count,
    warmupMs: amount,
    durationMs: amount,
    intervalMs: amount,
    sloP99Ms: v.nullable(amount),
    engine: v.object({
      threads: count,
      queueLimit: count,
      quantumMs: amount,
      policy: v.picklist(['adaptive', 'fixed', 'none', 'custom'], "'adaptive', 'fixed', 'none' or 'custom'"),
      threshold: v.nullable(amount),
    }),
  }),
  validity: v.object({ valid: v.boolean('true or false'), reasons: list(text), lagMs: latency }),
  totals: v.object(counts),
  latencyMs: latency,
  latencyHistogram: histogram,
  agents: list(
    v.object({
      ...counts,
      name: text,
      lane: v.picklist(['threads', 'loop'], "'threads' or 'loop'"),
      limit: v.nullable(count),
      latencyMs: latency,
      waitMs: latency,
      serviceMs: latency,
      histograms: v.object({ latency: histogram, wait: histogram, service: histogram }),
    }),
  ),
  priorities: list(
    v.object({
      ...counts,
      priority: v.picklist(['high', 'normal', 'low'], "'high', 'normal' or 'low'"),
      latencyMs: latency,
    }),
  ),
  intervals: list(
    v.object({
      ...counts,
      startMs: amount,
      endMs: amount,
      latencyMs: latency,
      limits: list(v.object({ name: text, concurrency: amount, running: count, waiting: count })),
      loopDelayMs: v.object({ p50: amount, p99: amount, max: amount }),
      loopUtilization: amount,
      rssBytes: count,
      heapUsedBytes: count,
      generatorLagMs: amount,
    }),
  ),
});

function isHistogram(value: string): boolean {
  try {
    decodeHistogram(value);
    return true;
  } catch {
    // The caller says what was expected instead.
    return false;
  }
}

/**
 * Checks that a value is a load report of this version, to the last field that a reader relies on.
 * @param name of the file, for the error
 * @throws ConfigError that names the file and the field, what was expected and what came
 */
export function checkReport(value: unknown, name: string): LoadReport {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== REPORT_FORMAT.name) {
    throw wrong(name, `expected a load report ("format": "${REPORT_FORMAT.name}")`, format);
  }
  if (version !== REPORT_FORMAT.version) {
    const advice = 'write it again with this version of spillway load';
    throw wrong(
      name,
      `the report is from another version: expected ${REPORT_FORMAT.version}`,
      version,
      advice,
    );
  }
  const result = v.safeParse(SCHEMA, value, { abortEarly: true });
  if (!result.success) throw explainIssue(SCHEMA, result.issues[0], name);
  return value as LoadReport;
}

/** Reads a report that `spillway load` wrote. @throws ConfigError as `checkReport` does, or if there is no such file */
export async function readReport(path: string): Promise<LoadReport> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError('INVALID_OPTION', path, `${path}: cannot read the report: ${message}`, {
      cause: error,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigError('INVALID_OPTION', path, `${path}: expected JSON: ${why}`, { cause: error });
  }
  return checkReport(value, path);
}

function wrong(name: string, expectation: string, received: unknown, advice?: string): ConfigError {
  const message = `${name}: ${expectation}, got ${describe(received)}${advice === undefined ? '' : `; ${advice}`}`;
  return new ConfigError('INVALID_OPTION', name, message, { received: describe(received) });
}
