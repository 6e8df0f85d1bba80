import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleReport } from '../fixtures/sample-report.ts';
import { runHere } from './run-here.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-compare-'));
  const write = (name: string, options: Parameters<typeof sampleReport>[0]) =>
    writeFile(join(cwd, name), JSON.stringify(sampleReport({ durationMs: 12_000, ...options })));
  await write('before.json', { ratePerSecond: () => 400 });
  await write('after.json', { ratePerSecond: () => 400, queueLimit: 20 });
  await write('invalid.json', { invalid: ['arrivals were late'] });
});
afterAll(() => rm(cwd, { recursive: true }));

test('two reports are put side by side, with the significance of every difference', async () => {
  const run = await runHere(['compare', 'before.json', 'after.json'], { cwd });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('a: before.json\nb: after.json\n\nqueue limit: 1000 -> 20\n');
  expect(run.stdout).toMatch(/\n {2}all +goodput +[\d.]+ % +[\d.]+ % +\+[\d.]+ pp +.+ pp {2}significant\n/);
  expect(run.stdout).toMatch(/\n {2}primes +goodput/);
});

test('an invalid run is warned of', async () => {
  const run = await runHere(['compare', 'before.json', 'invalid.json'], { cwd });
  expect(run.stdout).toContain('warning: the second run is invalid: arrivals were late');
  expect(run.stdout).toContain('warning: not the same load: ');
});

test('--json prints the same as JSON', async () => {
  const run = await runHere(['compare', 'before.json', 'after.json', '--json'], { cwd });
  const { measures, settings } = JSON.parse(run.stdout);
  expect(settings).toEqual([{ name: 'queue limit', a: '1000', b: '20' }]);
  expect(measures[0]).toMatchObject({
    scope: 'all',
    measure: 'goodput',
    difference: { verdict: 'significant' },
  });
});

test.each([
  [['before.json'], /missing required argument 'b'/],
  [['before.json', 'none.json'], /cannot read .*none\.json: ENOENT/],
])('%j is refused', async (args, message) => {
  const run = await runHere(['compare', ...args], { cwd });
  expect(run.stderr).toMatch(message);
  expect(run.code).toBe(2);
});
