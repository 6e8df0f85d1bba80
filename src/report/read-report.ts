import * as v from 'valibot';
import { ConfigError } from '../contract/errors.ts';
import { explainIssue } from '../contract/option-issue.ts';
import { assertFormat, inFile, readJson } from '../contract/versioned-file.ts';
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

function assertHistogram(text: string, count: number, path: string): void {
  const found = Distribution.decode(text, path).count;
  if (found === count) return;
  const expected = `${count} samples, as its summary says`;
  throw new ConfigError('INVALID_OPTION', path, `${path}: expected ${expected}, got ${found}`, {
    expected,
    received: String(found),
  });
}
