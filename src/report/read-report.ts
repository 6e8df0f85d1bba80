import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { ConfigError, SpillwayError } from '../contract/errors.ts';
import { describe, explainIssue } from '../contract/option-issue.ts';
import { Distribution } from './distribution.ts';
import { type LoadReport, REPORT_FORMAT } from './report.ts';
import { REPORT_SCHEMA } from './report-schema.ts';

/**
 * Reads a `report.json`.
 * @throws SpillwayError `REPORT_UNREADABLE` if the file cannot be read or is no JSON; ConfigError as `parseReport`
 */
export async function readReport(path: string): Promise<LoadReport> {
  return parseReport(await readJson(path, 'a load report'), path);
}

/**
 * Checks that a value is a whole report of this version, its histograms included.
 * @param at what the value is called in errors, such as its path
 * @throws ConfigError that names the field, what was expected and what came
 */
export function parseReport(value: unknown, at: string): LoadReport {
  assertFormat(value, REPORT_FORMAT, 'load report', at);
  const result = v.safeParse(REPORT_SCHEMA, value, { abortEarly: true });
  if (!result.success) throw inFile(explainIssue(REPORT_SCHEMA, result.issues[0], ''), at);
  const report = value as LoadReport;
  assertHistogram(report.latencyHistogram, report.latencyMs.count, `${at}: latencyHistogram`);
  for (const [i, agent] of report.agents.entries()) {
    const field = `${at}: agents[${i}].histograms`;
    assertHistogram(agent.histograms.latency, agent.latencyMs.count, `${field}.latency`);
    assertHistogram(agent.histograms.wait, agent.waitMs.count, `${field}.wait`);
    assertHistogram(agent.histograms.service, agent.serviceMs.count, `${field}.service`);
  }
  return report;
}

/**
 * Reads a file of JSON.
 * @param what what should be in it, with its article
 * @throws SpillwayError `REPORT_UNREADABLE` that says what to name instead
 */
export async function readJson(path: string, what: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = (error as Error).message;
    throw new SpillwayError('REPORT_UNREADABLE', `cannot read ${path}: ${why}; name ${what}`, {
      cause: error,
    });
  }
  // Logs and tables of percentiles start with a comment or a heading; JSON never does.
  if (/^\s*(#|Tag=|Value\s+Percentile)/.test(text)) {
    const message = `${path} is a latency log; name the report.json that was written beside it: counts and settings stand only there`;
    throw new SpillwayError('REPORT_UNREADABLE', message);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `${path} is no whole JSON: ${(error as Error).message}; it may have been cut off, or is not ${what}`;
    throw new SpillwayError('REPORT_UNREADABLE', message, { cause: error });
  }
}

/** @throws ConfigError if the value does not say that it is of that format and version */
export function assertFormat(
  value: unknown,
  { name, version }: { readonly name: string; readonly version: number },
  what: string,
  at: string,
): void {
  const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const check = (field: string, expected: string | number, advice: string): void => {
    if (found[field] === expected) return;
    const received = field in found ? describe(found[field]) : describe(value);
    const message = `${at}: ${field}: expected ${describe(expected)}, got ${received}; ${advice}`;
    throw new ConfigError('INVALID_OPTION', field, message, { expected: describe(expected), received });
  };
  check('format', name, `this is not a ${what} of Spillway`);
  check('version', version, `it is from another version of Spillway; write it again with this one`);
}

/** The same error, with the file in front. */
export function inFile(error: ConfigError, at: string): ConfigError {
  const { expected, received } = error;
  return new ConfigError(
    error.code as 'INVALID_OPTION' | 'UNKNOWN_OPTION',
    error.path,
    `${at}: ${error.message}`,
    {
      ...(expected === undefined ? {} : { expected }),
      ...(received === undefined ? {} : { received }),
    },
  );
}

function assertHistogram(text: string, count: number, path: string): void {
  const found = Distribution.decode(text, path).count;
  if (found === count) return;
  const expected = `${count} samples, as its summary says`;
  throw new ConfigError('INVALID_OPTION', path, `${path}: expected ${expected}, got ${found}`, {
    expected,
    received: String(found),
  });
}
