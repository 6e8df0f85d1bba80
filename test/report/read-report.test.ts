import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseReport, readReport } from '../../src/report/read-report.ts';
import { sampleReport } from '../fixtures/sample-report.ts';

const report = sampleReport({ durationMs: 2_000 });
/** A copy that may be changed. */
const copy = () => JSON.parse(JSON.stringify(report)) as Record<string, never>;

test('a report is read back as it was', () => {
  expect(parseReport(copy(), 'report.json')).toEqual(report);
});

describe('a wrong report is refused with the field, what was expected and what came', () => {
  const at = (path: string, value: unknown) => {
    const keys = path.split('.');
    const whole = copy();
    let node: Record<string, unknown> = whole;
    for (const key of keys.slice(0, -1)) node = node[key] as Record<string, unknown>;
    if (value === undefined) delete node[keys.at(-1)!];
    else node[keys.at(-1)!] = value;
    return whole;
  };
  test.each([
    [
      'format',
      'other',
      /^a\.json: format: expected 'spillway-load-report', got 'other'; this is not a load report/,
    ],
    ['version', 2, /^a\.json: version: expected 1, got 2; it is from another version/],
    ['agents.0.limit', 'many', /^a\.json: agents\[0\]\.limit: expected a number above 0, got 'many'/],
    [
      'agents.0.waitMs.p99',
      null,
      /^a\.json: agents\[0\]\.waitMs\.p99: expected a number of at least 0, got null/,
    ],
    ['totals.offered', -1, /^a\.json: totals\.offered: expected a whole number of at least 0, got -1/],
    ['run.sloP99Ms', 0, /^a\.json: run\.sloP99Ms: expected a number above 0, got 0/],
    [
      'run.engine.policy',
      'mine',
      /^a\.json: run\.engine\.policy: expected 'adaptive', 'fixed', 'none' or 'custom'/,
    ],
    ['intervals', undefined, /^a\.json: intervals: expected a value; it is required, got undefined/],
    ['totals.shed', { tired: 1 }, /^a\.json: totals\.shed\.tired: expected one of over-limit/],
    ['extra', 1, /^a\.json: extra: unknown option/],
    [
      'latencyHistogram',
      'HISTFAAA',
      /latencyHistogram: expected a histogram in HdrHistogram's .* got "HISTFAAA"/,
    ],
    [
      'agents.0.latencyMs.count',
      3,
      /agents\[0\]\.histograms\.latency: expected 3 samples, as its summary says/,
    ],
  ])('%s: %j', (path, value, message) => {
    expect(() => parseReport(at(path, value), 'a.json')).toThrow(message);
  });

  test.each([[null], [[]], ['text'], [{}], [{ name: 'some-package', version: '1.0.0' }]])('%j', (value) => {
    expect(() => parseReport(value, 'a.json')).toThrow(/^a\.json: format: expected 'spillway-load-report'/);
  });

  test('a histogram that was cut off', () => {
    const { latencyHistogram: text } = report;
    const cut = at('latencyHistogram', text.slice(0, text.length >> 1));
    expect(() => parseReport(cut, 'a.json')).toThrow(/latencyHistogram: expected a histogram/);
  });
});

describe('a file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-report-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const file = async (text: string) => {
    const path = join(folder, 'file');
    await writeFile(path, text);
    return path;
  };

  test('is read', async () => {
    expect(await readReport(await file(JSON.stringify(report)))).toEqual(report);
  });

  test('that is not there is named', async () => {
    await expect(readReport(join(folder, 'none.json'))).rejects.toThrow(
      /cannot read .*none\.json: ENOENT.*a load report/,
    );
  });

  test('that was cut off is said to be', async () => {
    const text = JSON.stringify(report);
    const path = await file(text.slice(0, text.length - 100));
    await expect(readReport(path)).rejects.toMatchObject({
      code: 'REPORT_UNREADABLE',
      message: expect.stringMatching(/is no whole JSON: .*cut off/),
    });
  });

  test.each([
    ['#[Histogram log format version 1.3]\n"StartTimestamp","Interval_Length","Interval_Max"\n'],
    ['       Value     Percentile TotalCount 1/(1-Percentile)\n'],
    ['Tag=a,0.0,1.0,2.0,HISTFAAAA'],
  ])('that is a latency log leads to the report: %j', async (text) => {
    const found = readReport(await file(text));
    await expect(found).rejects.toThrow(/name the report\.json that was written beside it/);
  });
});
