import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeHistogram } from '../../src/report/latency-histogram.ts';
import { readReport } from '../../src/report/read-report.ts';
import type { LoadReport, ReportCounts } from '../../src/report/report.ts';
import { spillway } from './spillway.ts';

let cwd: string;
const INDEX = pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-load-'));
  await writeFile(join(cwd, 'double.mjs'), 'export default (n) => n * 2;');
  await writeFile(
    join(cwd, 'mine.mjs'),
    `import { cpuAgent, ioAgent } from '${INDEX}';
     export const agents = [
       ioAgent('ask, please', { limit: 8, run: async (n) => n * 2 }),
       ioAgent('fails', { run: async () => { throw new Error('no such model'); } }),
       cpuAgent('double', { module: new URL('./double.mjs', import.meta.url) }),
     ];
     const names = agents.map(({ name }) => name);
     export const next = (index) => ({ agent: names[index % 3], input: index });`,
  );
  const lines = Array.from({ length: 200 }, (_, i) => `${(i / 100).toFixed(2)},${50 + i},${(i % 5) + 1}`);
  await writeFile(join(cwd, 'calls.csv'), `TIMESTAMP,ContextTokens,GeneratedTokens\n${lines.join('\n')}\n`);
});
afterAll(() => rm(cwd, { recursive: true }));

/** The warm-up ends between two arrivals, not at one. */
const SHORT = ['--duration', '1s', '--warmup', '199ms', '--interval', '250ms', '--threads', '1'];
/** How punctual the generator is depends on what else the machine does; the exit code says so. */
const MEASURED = [0, 1];

/** Every task ends as one thing, in the whole as in its parts. */
function expectBalance(report: LoadReport): void {
  const ends = (c: ReportCounts) => c.completed + c.failed + c.cancelled + c.rejected;
  const sum = (parts: readonly ReportCounts[], of: (c: ReportCounts) => number) =>
    parts.reduce((total, part) => total + of(part), 0);
  expect(report.totals.offered).toBeGreaterThan(0);
  expect(ends(report.totals)).toBe(report.totals.offered);
  for (const parts of [report.agents, report.priorities, report.intervals]) {
    expect(sum(parts, (c) => c.offered)).toBe(report.totals.offered);
    expect(sum(parts, ends)).toBe(report.totals.offered);
    expect(sum(parts, (c) => c.withinSlo)).toBe(report.totals.withinSlo);
  }
  const shed = Object.values(report.totals.shed).reduce((total, n) => total + n, 0);
  expect(shed).toBe(report.totals.rejected);
  expect(report.latencyMs.count).toBe(report.totals.completed);
  expect(decodeHistogram(report.latencyHistogram).totalCount).toBe(report.totals.completed);
  expect(report.validity.lagMs.count).toBe(report.totals.offered);
}

test('CPU work: a table, four files, and a report that reads back', async () => {
  const args = ['--rate', '200', '--service-ms', '1', '--slo-p99', '250ms', '--priorities', 'high=1,low=1'];
  const run = await spillway(['load', ...SHORT, ...args], { cwd });
  expect(MEASURED).toContain(run.code);
  expect(run.stdout).toMatch(/^cpu: \d+ tasks in 1 s \([\d.]+ \/s\) after 0\.2 s of warm-up\n/);
  expect(run.stdout).toMatch(/within objective.*\n {2}all +\d+ +\d+ +\d+ +\d+ \(/);
  expect(run.stdout).toMatch(/\n {2}(high|low) +\d/);
  expect(run.stdout).toMatch(run.code === 0 ? /\nValid: the generator was p99/ : /\nINVALID: /);
  expect((await readdir(join(cwd, 'spillway-load'))).sort()).toEqual([
    'cpu.hgrm',
    'load.hlog',
    'report.html',
    'report.json',
  ]);
  expect(run.stdout).toMatch(/\nFiles\n(.*\n)* {2}spillway-load.report\.html\n$/);
  const page = await readFile(join(cwd, 'spillway-load/report.html'), 'utf8');
  expect(page).toMatch(/^<!doctype html>.*<h1>Load report: cpu<\/h1>.*<\/html>\n$/s);
  const report = await readReport(join(cwd, 'spillway-load/report.json'));
  expectBalance(report);
  expect(report.run).toMatchObject({
    target: 'cpu',
    directory: await realpath(cwd),
    work: { kind: 'cpu', serviceMs: 1, sigma: 0.5 },
    config: null,
    arrivals: { kind: 'poisson', ratePerSecond: 200 },
    priorities: { high: 1, normal: 0, low: 1 },
    warmupMs: 199,
    durationMs: 1_000,
    sloP99Ms: 250,
    engine: { threads: 1, policy: 'adaptive' },
  });
  expect(report.validity.valid).toBe(run.code === 0);
  expect(report.priorities.map(({ priority }) => priority)).toEqual(['high', 'low']);
  expect(report.agents[0]!.serviceMs.mean).toBeGreaterThan(0.5);
  expect(report.intervals.length).toBeGreaterThanOrEqual(4);
  for (const interval of report.intervals) {
    expect(interval.limits).toMatchObject([{ name: 'threads', concurrency: 1 }]);
    expect(interval.rssBytes).toBeGreaterThan(interval.heapUsedBytes);
    expect(interval.loopUtilization).toBeLessThanOrEqual(1);
  }
});

test('a module of one’s own: several agents on both lanes, in every file', async () => {
  const args = ['--target', './mine.mjs', '--rate', '300', '--arrivals', 'constant', '--out', 'mine'];
  const run = await spillway(['load', ...SHORT, ...args], { cwd });
  expect(MEASURED).toContain(run.code);
  expect(run.stdout).toContain('First failure: agent "fails": Error: no such model');
  const report = await readReport(join(cwd, 'mine/report.json'));
  expectBalance(report);
  expect(report.run.target).toBe('./mine.mjs');
  expect(report.totals.offered).toBe(300);
  expect(report.agents.map(({ name, lane, limit, failed }) => [name, lane, limit, failed])).toEqual([
    ['ask, please', 'loop', 8, 0],
    ['fails', 'loop', 1_000, 100],
    ['double', 'threads', null, 0],
  ]);
  expect((await readdir(join(cwd, 'mine'))).sort()).toEqual([
    'ask__please.hgrm',
    'double.hgrm',
    'fails.hgrm',
    'load.hlog',
    'report.html',
    'report.json',
  ]);
  const log = await readFile(join(cwd, 'mine/load.hlog'), 'utf8');
  expect(listTags(log).sort()).toEqual(['ask__please', 'double', 'fails']);
  const reader = new HistogramLogReader(log);
  let inLog = 0;
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    expect(next.startTimeStampMsec).toBeGreaterThanOrEqual(Date.parse(report.startedAt) - 1);
    inLog += next.totalCount;
  }
  expect(inLog).toBe(report.totals.completed);
});

test('a trace against the bundled upstream: real calls over real sockets, in compressed time', async () => {
  const args = ['--target', 'upstream', '--trace', 'calls.csv', '--speed', '2', '--warmup', '99ms'];
  const run = await spillway(['load', '--interval', '250ms', ...args, '--out', 'trace', '--json'], { cwd });
  expect(MEASURED).toContain(run.code);
  const report = JSON.parse(run.stdout) as LoadReport;
  expect(report).toEqual(await readReport(join(cwd, 'trace/report.json')));
  expectBalance(report);
  expect(report.run.arrivals).toMatchObject({ kind: 'trace', file: 'calls.csv', calls: 200, speed: 2 });
  // A call each 5 ms, the first 20 of them in the warm-up.
  expect(report.totals).toMatchObject({ offered: 180, completed: 180, failed: 0 });
  expect(report.agents[0]!.serviceMs.p50).toBeGreaterThan(40);
});

test('a multiple of the capacity measures it first and sheds what is too much', async () => {
  const args = ['--load', '4x', '--service-ms', '2', '--slo-p99', '50ms', '--out', 'over'];
  const run = await spillway(['load', ...SHORT, ...args], { cwd });
  expect(MEASURED).toContain(run.code);
  const report = await readReport(join(cwd, 'over/report.json'));
  expectBalance(report);
  const { capacityPerSecond, ratePerSecond } = report.run.arrivals;
  expect(Number(ratePerSecond) / Number(capacityPerSecond)).toBeCloseTo(4);
  expect(run.stdout).toMatch(/arrivals: poisson, \d.* \/s, capacity found: \d/);
  expect(report.totals.rejected).toBeGreaterThan(0);
  expect(report.totals.shed['predicted-wait']).toBeGreaterThan(0);
  expect(run.stdout).toMatch(/predicted-wait \d+/);
});

test('what has not ended when the drain is over is said, and counted as offered', async () => {
  await writeFile(
    join(cwd, 'hangs.mjs'),
    `import { ioAgent } from '${INDEX}';
     export const agents = [ioAgent('hangs', { run: (n, ctx) => new Promise((done) => ctx.signal.addEventListener('abort', done)) })];
     export const next = () => ({ agent: 'hangs', input: 0 });`,
  );
  const args = ['--target', 'hangs.mjs', '--rate', '20', '--arrivals', 'constant', '--drain', '100ms'];
  const run = await spillway(['load', ...SHORT, ...args, '--out', 'hangs'], { cwd });
  expect(run.stdout).toMatch(/20 tasks had not ended when the drain was over: .*raise --drain/);
  const { totals, intervals } = await readReport(join(cwd, 'hangs/report.json'));
  expect(totals).toMatchObject({ offered: 20, completed: 0, cancelled: 0 });
  // The load ends where an interval ends, and what comes after it is told apart. Timers may be a little early.
  const loaded = intervals.filter(({ phase }) => phase === 'load');
  const drained = intervals.filter(({ phase }) => phase === 'drain');
  expect(intervals).toEqual([...loaded, ...drained]);
  expect(loaded.reduce((sum, { offered }) => sum + offered, 0)).toBe(20);
  expect(drained.length).toBeGreaterThanOrEqual(1);
  expect(drained[0]!.startMs).toBe(loaded.at(-1)!.endMs);
  expect(Math.round(drained[0]!.startMs / 100)).toBeGreaterThanOrEqual(10);
});

test('Ctrl-C ends it within its drain, without files', async () => {
  const run = await spillway(['load', '--rate', '50', '--warmup', '0s', '--out', 'stopped'], {
    cwd,
    onStart: (child) => child.stderr!.once('data', () => child.kill('SIGINT')),
  });
  expect(run.code).toBe(130);
  expect(run.stderr).toMatch(
    /load: \d+%, \d+ of \d+ tasks done, \d+ open.*\nspillway: stopped by SIGINT; no result/,
  );
  expect(await readdir(join(cwd, 'stopped'))).toEqual([]);
});
