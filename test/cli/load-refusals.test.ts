import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOAD_DEFAULTS } from '../../src/load/options.ts';
import { runHere } from './run-here.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-load-no-'));
  await writeFile(join(cwd, 'file'), '');
  await writeFile(join(cwd, 'empty.csv'), '');
  await writeFile(join(cwd, 'columns.csv'), 'TIMESTAMP,Tokens\n5,5\n');
  await writeFile(join(cwd, 'unsorted.csv'), 'TIMESTAMP,ContextTokens,GeneratedTokens\n5,1,1\n4,1,1\n');
  await writeFile(join(cwd, 'short.csv'), 'TIMESTAMP,ContextTokens,GeneratedTokens\n5,1,1\n6,1,1\n');
  await writeFile(join(cwd, 'nothing.mjs'), 'export const a = 5;');
});
afterAll(() => rm(cwd, { recursive: true }));

const load = (...args: string[]) => runHere(['load', ...args], { cwd });

test.each([
  [['--slo-p99', '0'], /'--slo-p99 <time>' argument '0' is invalid. Expected a duration.*got "0"/],
  [['--slo-p99', '0ms'], /Expected a duration of at least 0\.001ms, such as 250ms, 30s or 2m, got "0ms"/],
  [['--slo-p99', '-250ms'], /got "-250ms"/],
  [['--slo-p99', 'NaN'], /got "NaN"/],
  [['--slo-p99', 'fast'], /got "fast"/],
  [['--slo-p99', '250'], /such as 250ms, 30s or 2m, got "250"/],
  [['--rate', '0'], /'--rate <n>' argument '0' is invalid. Expected a number/],
  [['--load', '3'], /Expected a multiple above 0 such as 0\.8x or 3x, got "3"/],
  [['--load', '3x', '--rate', '5'], /'--load <multiple>' cannot be used with option '--rate <n>'/],
  [['--arrivals', 'poison'], /Allowed choices are constant, poisson, bursty, step, ramp, trace/],
  [['--policy', 'strict'], /Allowed choices are/],
  [['--priorities', 'hihg=5'], /Expected weights such as high=10,normal=30,low=60, got "hihg=5"/],
  [['--priorities', 'high=0'], /Expected at least one weight above 0/],
  [['--threshold', '2'], /Expected a number above 0, at most 1, got "2"/],
  [['--durations', '5s'], /unknown option '--durations'\s+\(Did you mean --duration\?\)/],
])('wrong usage %j is refused with what was expected', async (args, pattern) => {
  const { code, stderr, stdout } = await load(...args);
  expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test.each([
  [['--trace', 'none.csv'], /none\.csv: cannot be read: ENOENT/],
  [['--trace', 'empty.csv'], /empty\.csv: expected a header and at least one call, got none/],
  [
    ['--trace', 'columns.csv'],
    /columns\.csv: expected a column ContextTokens, got the columns TIMESTAMP, Tokens/,
  ],
  [['--trace', 'unsorted.csv'], /unsorted\.csv, line 3: TIMESTAMP: expected a time not before/],
  [['--trace', 'columns.csv', '--rate', '5'], /rate: a trace has its own/],
  [['--target', './none.mjs'], /\.\/none\.mjs: cannot load the module: /],
  [['--target', './nothing.mjs'], /\.\/nothing\.mjs: expected exports `agents`/],
  [['--target', './nothing.mjs', '--trace', 'short.csv'], /\.\/nothing\.mjs: expected exports/],
  [['--speed', '5'], /speed: it is for a trace only/],
  [['--arrivals', 'bursty', '--burst-share', '0.9'], /burst: 0\.9 of the time at 4 times/],
  [['--out', 'file/out'], /cannot write .*file.out: .*choose a place that you can write to with --out/],
])('%j is one line and exit code 2', async (args, pattern) => {
  const { code, stderr, stdout } = await load(...args);
  expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(pattern)]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('a wrong trace or option leaves no folder behind', async () => {
  await load('--trace', 'empty.csv', '--out', 'untouched');
  await load('--speed', '5', '--out', 'untouched');
  expect(await readdir(cwd)).not.toContain('untouched');
});

test('--help shows the options with their defaults and examples', async () => {
  const { code, stdout } = await load('--help');
  expect(code).toBe(0);
  for (const text of [
    'Examples:',
    '--slo-p99',
    `(default: ${LOAD_DEFAULTS.threads})`,
    '(default: 5s)',
    'normal=100',
    'calls.csv',
  ]) {
    expect(stdout).toContain(text);
  }
});
