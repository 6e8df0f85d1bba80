import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/contract/config-schema.ts';
import { readReport } from '../../src/report/read-report.ts';
import { type CliRun, spillway } from './spillway.ts';

let cwd: string;
const INDEX = pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-confirm-'));
  await mkdir(join(cwd, 'elsewhere'));
  await writeFile(
    join(cwd, 'mine.mjs'),
    `import { ioAgent } from '${INDEX}';
     export const agents = [ioAgent('ask', { limit: 8, run: (n) => new Promise((done) => setTimeout(done, n)) })];
     export const next = (_index, random) => ({ agent: 'ask', input: 1 + 9 * random() });`,
  );
  // Long enough for a line of progress. So generous that a busy machine does not make the run invalid.
  const args = ['--rate', '500', '--duration', '4s', '--warmup', '0s', '--seed', '9', '--slo-p99', '60s'];
  const mix = [
    '--target',
    './mine.mjs',
    '--priorities',
    'high=1,low=3',
    '--drain',
    '20s',
    '--policy',
    'none',
  ];
  const run = await spillway(['load', ...args, ...mix], { cwd });
  expect(run).toMatchObject({ code: 0 });
});
afterAll(() => rm(cwd, { recursive: true }));

const TUNE = ['tune', '../spillway-load/report.json', '--slo-p99', '2s', '--confirm'];
/** Whether the objective is met depends on what else the machine does; the exit code says so. */
function expectConfirmed({ code, stdout }: CliRun): void {
  expect(code).toBe(/\nobjective met\n/.test(stdout) ? 0 : 1);
  expect(stdout).toMatch(/\nspillway\.config\.json\n\n +predicted +measured +off by\n +p99 .*\n +p50 /);
  expect(stdout).toMatch(/\n +goodput +[\d.,]+ \/s +[\d.,]+ \/s .*\n +shed .*\n +p99 of ask /);
}

test('the same load is run again with the configuration, from wherever the command is run', async () => {
  const run = await spillway(TUNE, { cwd: join(cwd, 'elsewhere') });
  expectConfirmed(run);
  expect(run.stderr).toMatch(/^(load|drain|warm-up): \d+%, /m);
  const first = await readReport(join(cwd, 'spillway-load/report.json'));
  const again = await readReport(join(cwd, 'elsewhere/spillway-confirm/report.json'));
  const path = join(cwd, 'elsewhere/spillway.config.json');
  const config = parseConfig(JSON.parse(await readFile(path, 'utf8')), path);
  for (const same of ['target', 'directory', 'work', 'arrivals', 'trace', 'priorities', 'seed'] as const) {
    expect(again.run[same]).toEqual(first.run[same]);
  }
  for (const same of ['warmupMs', 'durationMs', 'intervalMs', 'drainMs'] as const) {
    expect(again.run[same]).toBe(first.run[same]);
  }
  // The same seed: the very same tasks.
  expect(again.totals.offered).toBe(first.totals.offered);
  expect(again.priorities.map(({ offered }) => offered)).toEqual(
    first.priorities.map(({ offered }) => offered),
  );
  expect(again.run.config).toMatch(/spillway\.config\.json$/);
  expect(again.run.sloP99Ms).toBe(2_000);
  expect(again.run.engine).toMatchObject({
    policy: 'fixed',
    queueLimit: config.queueLimit.value,
    threshold: config.threshold.value,
  });
  expect(again.agents[0]!.limit).toBe(config.agents[0]!.limit!.value);
});

test('a module that is gone is one line, after the configuration was written', async () => {
  const report = await readReport(join(cwd, 'spillway-load/report.json'));
  const moved = { ...report, run: { ...report.run, target: './moved.mjs' } };
  await writeFile(join(cwd, 'moved.json'), JSON.stringify(moved));
  const run = await spillway(['tune', 'moved.json', '--slo-p99', '2s', '--confirm'], { cwd });
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(/^spillway: \.\/moved\.mjs: cannot load the module: .*\n$/);
  expect(run.stdout).toMatch(/^tuned for p99 <= 2 s from moved\.json/);
});
