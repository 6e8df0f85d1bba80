import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Terminal } from '../../src/cli/terminal.ts';
import { tuneCommand } from '../../src/cli/tune.ts';
import { systemClock } from '../../src/contract/clock.ts';
import { parseConfig } from '../../src/contract/config-schema.ts';
import type { RunAgain } from '../../src/tune/confirm.ts';
import { sampleReport } from '../fixtures/sample-report.ts';
import { runHere } from './run-here.ts';

const options = { ratePerSecond: () => 1_000, durationMs: 10_000 };
const overloaded = sampleReport(options);

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-tune-'));
  const text = JSON.stringify(overloaded);
  await writeFile(join(cwd, 'report.json'), text);
  await writeFile(join(cwd, 'cut.json'), text.slice(0, text.length / 2));
  await writeFile(join(cwd, 'short.json'), JSON.stringify(sampleReport({ durationMs: 1_000 })));
  await writeFile(join(cwd, 'foreign.json'), '{"name":"some-package"}');
  await writeFile(join(cwd, 'newer.json'), JSON.stringify({ ...overloaded, version: 2 }));
  await writeFile(
    join(cwd, 'latency.hlog'),
    '#[Histogram log format version 1.3]\nTag=a,0.0,1.0,2.0,HISTFAAA',
  );
  await writeFile(join(cwd, 'cut.hlog'), '#[Hist');
});
afterAll(() => rm(cwd, { recursive: true }));

test('writes a configuration and says what each value comes from', async () => {
  const run = await runHere(['tune', 'report.json', '--slo-p99', '250ms'], { cwd });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const config = parseConfig(
    JSON.parse(await readFile(join(cwd, 'spillway.config.json'), 'utf8')),
    'written',
  );
  expect(config.objective.sloP99Ms).toBe(250);
  expect(config.reports).toEqual(['report.json']);
  for (const text of [
    `threads: ${config.threads.value}`,
    'queue limit',
    'timeout of primes',
    'left as measured',
  ]) {
    expect(run.stdout).toContain(text);
  }
  expect(run.stdout).toMatch(/expected at [\d,.]+ \/s offered: p99 \d+ ms .* goodput [\d.]+ \/s/);
  expect(run.stdout).toMatch(/\nspillway\.config\.json\n$/);
});

test('--json prints what it writes, and --out says where', async () => {
  const run = await runHere(['tune', 'report.json', '--slo-p99', '0.25s', '--json', '--out', 'own.json'], {
    cwd,
  });
  const { status, config } = JSON.parse(run.stdout);
  expect(status).toBe('tuned');
  expect(config).toEqual(JSON.parse(await readFile(join(cwd, 'own.json'), 'utf8')));
  expect(config.objective.sloP99Ms).toBe(250);
});

describe('a refusal ends with 1 and writes nothing', () => {
  test.each([
    [
      ['report.json', '--slo-p99', '5ms'],
      /^refused \(not-feasible\): the service of agent "primes" alone.*5 ms/,
    ],
    [
      ['short.json', '--slo-p99', '250ms'],
      /^refused \(too-few-samples\): short\.json: agent "primes" completed/,
    ],
  ])('%j', async (args, message) => {
    const run = await runHere(['tune', ...args, '--out', 'none.json'], { cwd });
    expect(run.stderr).toMatch(message);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    await expect(readFile(join(cwd, 'none.json'))).rejects.toThrow('ENOENT');
  });

  test('with --json it is JSON', async () => {
    const run = await runHere(['tune', 'report.json', '--slo-p99', '5ms', '--json'], { cwd });
    expect(JSON.parse(run.stdout)).toMatchObject({
      status: 'refused',
      refusals: [{ reason: 'not-feasible', agent: 'primes' }],
    });
    expect(run.code).toBe(1);
  });
});

describe('wrong input ends with 2 and one line', () => {
  test.each([
    [['report.json'], /required option '--slo-p99 <duration>' not specified/],
    [
      ['report.json', '--slo-p99', '0'],
      /Expected a duration of at least 1ms, such as 250ms, 30s or 2m, got "0"/,
    ],
    [['report.json', '--slo-p99', '-5ms'], /Expected a duration.*got "-5ms"/],
    [['report.json', '--slo-p99', 'NaN'], /Expected a duration.*got "NaN"/],
    [['report.json', '--slo-p99', 'fast'], /Expected a duration.*got "fast"/],
    [['report.json', '--slo-p99', '250ms', '--headroom', '1'], /Expected a number from 0 to 0\.9, got "1"/],
    [['report.json', '--slo-p99', '250ms', '--max-threads', '0'], /Expected a whole number from 1 to 1024/],
    [['--slo-p99', '250ms'], /missing required argument 'report'/],
    [['cut.json', '--slo-p99', '250ms'], /cut\.json is no whole JSON: .*cut off/],
    [['foreign.json', '--slo-p99', '250ms'], /foreign\.json: format: expected 'spillway-load-report'/],
    [['newer.json', '--slo-p99', '250ms'], /newer\.json: version: expected 1, got 2/],
    [['latency.hlog', '--slo-p99', '250ms'], /latency\.hlog is a latency log; name the report\.json/],
    [['cut.hlog', '--slo-p99', '250ms'], /cut\.hlog is a latency log; name the report\.json/],
    [['none.json', '--slo-p99', '250ms'], /cannot read .*none\.json: ENOENT/],
    [['report.json', '--slo-p99', '250ms', '--out', 'no/dir.json'], /cannot write .*dir\.json: ENOENT/],
  ])('%j', async (args, message) => {
    const run = await runHere(['tune', ...args], { cwd });
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(run).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('--confirm', () => {
  /** The command as it is where there is something to run a load with. */
  async function confirming(again: RunAgain, ...more: string[]) {
    const stdout = new PassThrough({ encoding: 'utf8' });
    const terminal = {
      cwd,
      stdout,
      stderr: new PassThrough(),
      process,
      clock: systemClock,
    } as unknown as Terminal;
    let code: number | undefined;
    const command = tuneCommand(
      terminal,
      (ended) => {
        code = ended;
      },
      () => again,
    );
    await command.parseAsync(['report.json', '--slo-p99', '250ms', '--confirm', ...more], { from: 'user' });
    return { code, stdout: String(stdout.read()) };
  }

  test('runs the load of the report with the configuration, and prints predicted beside measured', async () => {
    const run = await confirming(async (config, like) => {
      expect(like).toEqual(overloaded);
      const { threads, queueLimit, threshold } = config;
      return sampleReport({
        ...options,
        seed: 5,
        threads: threads.value,
        queueLimit: queueLimit.value,
        threshold: threshold.value,
      });
    });
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/predicted +measured +off by\n +p99 +\d+ ms +\d+ ms +-?\d+\.\d %\n/);
    expect(run.stdout).toMatch(
      /\nobjective met\np99 predicted to within 15 %\nwith the service times and arrivals of this run the model gives a p99 of \d+ ms\n$/,
    );
  });

  test('says so if the work itself took longer than in the report', async () => {
    const slower = {
      name: 'primes',
      lane: 'threads',
      weight: 1,
      limit: null,
      meanMs: 12,
      sigma: 0.5,
    } as const;
    const run = await confirming(async () => sampleReport({ ...options, agents: [slower] }));
    expect(run.stdout).toMatch(
      /service of "primes" took 1[12]\.\d ms on average, and [78]\.\d ms in the run of the report/,
    );
    expect(run.code).toBe(1);
  });

  test('ends with 1 if the objective is missed, or the run is invalid', async () => {
    const missed = await confirming(async () => overloaded, '--json');
    expect(missed.code).toBe(1);
    expect(JSON.parse(missed.stdout).confirmation).toMatchObject({ isMet: false, isPredicted: false });
    const invalid = await confirming(async () =>
      sampleReport({ ratePerSecond: () => 50, invalid: ['late'] }),
    );
    expect(invalid.code).toBe(1);
    expect(invalid.stdout).toContain('the run is invalid and proves nothing: late');
  });
});
