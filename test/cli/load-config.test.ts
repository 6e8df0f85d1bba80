import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readReport } from '../../src/report/read-report.ts';
import { sampleConfig, tunedValue } from '../fixtures/sample-config.ts';
import { runHere } from './run-here.ts';
import { spillway } from './spillway.ts';

let cwd: string;
const INDEX = pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-load-config-'));
  await writeFile(
    join(cwd, 'mine.mjs'),
    `import { ioAgent } from '${INDEX}';
     export const agents = [
       ioAgent('ask', { limit: 8, run: async (n) => n * 2 }),
       ioAgent('hangs', { limit: 8, run: (n, ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', reject)) }),
     ];
     export const next = (index) => ({ agent: index % 20 === 0 ? 'hangs' : 'ask', input: index });`,
  );
  const hangs = { name: 'hangs', lane: 'loop', limit: null, timeoutMs: tunedValue(50) };
  const config = { ...sampleConfig, agents: [...sampleConfig.agents, hangs] };
  await writeFile(join(cwd, 'tuned.json'), JSON.stringify(config));
  await writeFile(join(cwd, 'newer.json'), JSON.stringify({ ...config, version: 2 }));
  await writeFile(join(cwd, 'wrong.json'), JSON.stringify({ ...config, threshold: tunedValue(2) }));
});
afterAll(() => rm(cwd, { recursive: true }));

const SHORT = ['--duration', '1s', '--warmup', '0s', '--interval', '250ms', '--rate', '100'];
/** How punctual the generator is depends on what else the machine does; the exit code says so. */
const MEASURED = [0, 1];

test('the engine, its agents and the objective are those of the configuration', async () => {
  const run = await spillway(['load', ...SHORT, '--target', './mine.mjs', '--config', 'tuned.json'], { cwd });
  expect(MEASURED).toContain(run.code);
  expect(run.stdout).toContain(
    'threads: 2, policy: fixed at 0.75, queue limit: 40, objective: p99 within 250',
  );
  expect(run.stdout).toContain('\n  configuration: tuned.json\n');
  const { run: ran, agents } = await readReport(join(cwd, 'spillway-load/report.json'));
  expect(ran).toMatchObject({
    config: 'tuned.json',
    sloP99Ms: 250,
    engine: { threads: 2, queueLimit: 40, policy: 'fixed', threshold: 0.75, quantumMs: 0.5 },
  });
  // Those of the configuration come before the module's own.
  expect(agents.map(({ name, limit }) => [name, limit])).toEqual([
    ['ask', 24],
    ['hangs', 8],
  ]);
  // Without its timeout it would hang until the end of the drain.
  expect(agents[1]).toMatchObject({ completed: 0 });
  expect(agents[1]!.failed).toBe(agents[1]!.offered);
});

test('what stands on the command line comes before the configuration', async () => {
  const own = ['--threads', '1', '--queue-limit', '70', '--slo-p99', '90ms', '--out', 'own'];
  const args = ['--target', './mine.mjs', '--config', 'tuned.json', ...own];
  expect(MEASURED).toContain((await spillway(['load', ...SHORT, ...args], { cwd })).code);
  const { run } = await readReport(join(cwd, 'own/report.json'));
  expect(run).toMatchObject({
    sloP99Ms: 90,
    engine: { threads: 1, queueLimit: 70, policy: 'fixed', threshold: 0.75 },
  });
});

test.each([
  ['none.json', /cannot read .*none\.json: ENOENT.*; name a tuned configuration$/],
  ['newer.json', /newer\.json: version: expected 1, got 2; it is from another version of Spillway/],
  ['wrong.json', /wrong\.json: threshold\.value: expected a number above 0, at most 1, got 2$/],
  ['mine.mjs', /mine\.mjs is no whole JSON/],
])('%s is refused in one line', async (config, message) => {
  const { code, stderr, stdout } = await runHere(['load', '--config', config, '--out', 'untouched'], { cwd });
  expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(message)]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});
