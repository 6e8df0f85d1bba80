import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleReport } from '../fixtures/sample-report.ts';
import { runHere } from './run-here.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-report-'));
  await mkdir(join(cwd, 'run'));
  await writeFile(join(cwd, 'run/report.json'), JSON.stringify(sampleReport({ durationMs: 2_000 })));
  await writeFile(join(cwd, 'foreign.json'), '{"name":"some-package"}');
});
afterAll(() => rm(cwd, { recursive: true }));

test('the page is written beside the report, and its path is told', async () => {
  const run = await runHere(['report', 'run/report.json'], { cwd });
  expect(run).toEqual({ code: 0, stdout: `${join('run', 'report.html')}\n`, stderr: '' });
  expect(await readdir(join(cwd, 'run'))).toEqual(['report.html', 'report.json']);
  expect(await readFile(join(cwd, 'run/report.html'), 'utf8')).toMatch(/^<!doctype html>.+<\/html>\n$/s);
});

test('--out says where, and --json tells it as JSON', async () => {
  const run = await runHere(['report', 'run/report.json', '--out', 'page.html', '--json'], { cwd });
  expect(JSON.parse(run.stdout)).toEqual({ html: join(cwd, 'page.html') });
  expect(await readFile(join(cwd, 'page.html'), 'utf8')).toContain('Load report: cpu');
});

test.each([
  [['none.json'], /^spillway: cannot read .*none\.json: ENOENT.*\n$/],
  [
    ['foreign.json'],
    /^spillway: .*foreign\.json: format: expected 'spillway-load-report'.*not a load report.*\n$/,
  ],
  [
    ['run/report.json', '--out', 'no/such/page.html'],
    /^spillway: cannot write .*page\.html: ENOENT.*--out\n$/,
  ],
])('%j is refused in one line', async (args, message) => {
  const run = await runHere(['report', ...args], { cwd });
  expect(run.stderr).toMatch(message);
  expect(run.code).toBe(2);
});
