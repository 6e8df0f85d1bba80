import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LANES } from '../../bench/lanes.ts';
import { describeMachine, describeVersions } from '../../bench/machine.ts';
import { type Report, renderReport } from '../../bench/report.ts';
import type { Row } from '../../bench/row.ts';

function bench(...args: string[]) {
  const script = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', script, ...args], { encoding: 'utf8' });
}

test('help names every bench and shows examples', () => {
  const { status, stdout } = bench('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('npm run bench -- lanes');
  expect(stdout).toContain('npm run bench -- load');
  expect(stdout).toContain('workflow-simulation');
});

test('workflow-simulation runs the seeds that it is told to, and refuses what is no number of them', () => {
  const { status, stdout } = bench('workflow-simulation', '--seeds', '3', '--from', '7');
  expect([status, stdout]).toEqual([
    0,
    expect.stringContaining('PASS: 3 seeds from 7 on, each twice, 0 failed'),
  ]);
  const wrong = bench('workflow-simulation', '--seeds', 'all');
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('got all')]);
});

test('wrong usage ends with code 2 and a line that says what was expected and what came', () => {
  const unknownCase = bench('lanes', '--case', 'threads-nop');
  expect(unknownCase.status).toBe(2);
  expect(unknownCase.stderr).toContain('expected one of threads-noop, ');
  expect(unknownCase.stderr).toContain('got threads-nop');
  const unknownBench = bench('lane');
  expect([unknownBench.status, unknownBench.stderr]).toEqual([2, expect.stringContaining('got lane')]);
  const badRounds = bench('lanes', '--rounds', '0');
  expect([badRounds.status, badRounds.stderr]).toEqual([2, expect.stringContaining('got 0')]);
});

test('the list of cases is what a run would measure', () => {
  const { stdout } = bench('lanes', '--list', '--case', 'loop');
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(names).toEqual(LANES.map((one) => one.name).filter((name) => name.startsWith('loop')));
});

test('versions of all that is measured are found; the peers of workflows are installed by those who measure them', () => {
  const manifest = new URL('../../bench/workflows/peers/package.json', import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
  for (const [name, version] of Object.entries(describeVersions())) {
    if (version !== 'missing') expect(version).toMatch(/^\d+\.\d+\.\d+/);
    else expect(Object.keys(dependencies)).toContain(name);
  }
});

test('the report has a line for each row, and says what missed and what differed', () => {
  const row: Row = {
    case: 'c',
    unit: 'ms',
    spillway: 12_345.6,
    peers: { slow: 30_000, fast: 20_000 },
    bestPeer: 'fast',
    ratio: 0.617,
    target: '<= 0.5x',
    pass: false,
    rounds: 5,
    spread: { spillway: { median: 12_345.6, min: 1.234, max: 20_000 } },
    hash: 'abc',
    sameResults: false,
    notes: { 'p50, ms': 0.5 },
    failures: { broken: 'no such pool' },
  };
  const report: Report = {
    bench: 'lanes',
    takenAt: '2026-01-01T00:00:00.000Z',
    size: 'full',
    machine: describeMachine(),
    node: process.version,
    versions: { spillway: '0.1.0' },
    rows: [row],
  };
  const text = renderReport(report);
  expect(text).toMatch(
    /^c +ms +12,346 +1\.23\.\.20,000 +fast +20,000 +0\.62x +<= 0\.5x +MISS +DIFFERENT RESULTS$/m,
  );
  expect(text).toContain('c: fast 20,000, slow 30,000, p50, ms 0.500 (5 rounds)');
  expect(text).toContain('  broken: no such pool');
});
