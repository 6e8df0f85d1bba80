import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeHistogram } from '../../src/report/latency-histogram.ts';
import { checkReport, readReport } from '../../src/report/read-report.ts';
import { sampleReport } from './sample-report.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a report comes back as it was written, histograms included', async () => {
  const path = join(folder, 'report.json');
  await writeFile(path, JSON.stringify(sampleReport()));
  const report = await readReport(path);
  expect(report).toEqual(sampleReport());
  const histogram = decodeHistogram(report.latencyHistogram);
  expect(histogram.totalCount).toBe(100);
  expect(Math.abs(histogram.getValueAtPercentile(50) / 50e6 - 1)).toBeLessThan(0.001);
});

test.each([
  ['no report at all', { hello: 1 }, /r\.json: expected a load report .*got undefined$/],
  ['null', null, /expected a load report/],
  [
    'a report from another version',
    { ...sampleReport(), version: 2 },
    /r\.json: the report is from another version: expected 1, got 2; write it again/,
  ],
  [
    'a count below 0',
    { ...sampleReport(), totals: { ...sampleReport().totals, offered: -1 } },
    /r\.json\.totals\.offered: expected .*at least 0, got -1/,
  ],
  [
    'a missing field',
    { ...sampleReport(), run: { ...sampleReport().run, seed: undefined } },
    /r\.json\.run\.seed: expected/,
  ],
  [
    'a histogram that is none',
    { ...sampleReport(), latencyHistogram: 'SElTVEY' },
    /r\.json\.latencyHistogram: expected an HdrHistogram/,
  ],
  [
    'a policy that is none',
    {
      ...sampleReport(),
      run: { ...sampleReport().run, engine: { ...sampleReport().run.engine, policy: 'strict' } },
    },
    /r\.json\.run\.engine\.policy: expected 'adaptive'.*got 'strict'/,
  ],
  [
    'a reason that is none',
    { ...sampleReport(), totals: { ...sampleReport().totals, shed: { boredom: 5 } } },
    /r\.json\.totals\.shed\.boredom: expected a reason/,
  ],
])('%s is refused', (_what, value, message) => {
  expect(() => checkReport(value, 'r.json')).toThrow(message);
});

test('a file that is not there, or no JSON, is refused by its name', async () => {
  await expect(readReport(join(folder, 'none.json'))).rejects.toThrow(/none\.json: cannot read.*ENOENT/);
  await writeFile(join(folder, 'half.json'), '{"format":');
  await expect(readReport(join(folder, 'half.json'))).rejects.toThrow(/half\.json: expected JSON/);
});
