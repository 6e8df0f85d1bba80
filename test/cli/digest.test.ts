import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HistogramLogReader } from 'hdr-histogram-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DigestResult } from '../../src/digest/result.ts';
import { startUpstream, type UpstreamProcess } from '../../src/upstream/start-upstream.ts';
import { answer, scriptedEndpoint } from '../digest/scripted-endpoint.ts';
import { INSTANT } from '../upstream/serve.ts';
import { messages, spillway } from './spillway.ts';

let cwd: string;
let upstream: UpstreamProcess;
let provider: { OPENAI_BASE_URL: string };

const LICENSE = `Permission is granted, free of charge, to any person obtaining a copy of this software, to deal in it
without restriction, including the rights to use, copy, modify, merge, publish, distribute and sell copies of it.
The software is provided as is, without warranty of any kind, express or implied, including fitness for a purpose.\n`;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-cli-'));
  for (const name of ['a', 'b', 'c']) {
    await mkdir(join(cwd, 'node_modules', name), { recursive: true });
    await writeFile(join(cwd, 'node_modules', name, 'LICENSE'), LICENSE);
  }
  await writeFile(
    join(cwd, 'node_modules/a/README.md'),
    '# A queue\n\nIt holds every task until a thread is free.\n',
  );
  await mkdir(join(cwd, 'mixed'));
  const lines = Array.from(
    { length: 400 },
    (_, i) => `2026-01-02 10:00:${i} INFO worker ${i % 7} finished task ${i * 31}`,
  );
  await writeFile(join(cwd, 'mixed/app.log'), lines.join('\n'));
  await writeFile(join(cwd, 'mixed/binary.dat'), Buffer.from([1, 0, 2, 0]));
  await writeFile(join(cwd, 'mixed/latin.txt'), Buffer.from('caf\xe9', 'latin1'));
  await writeFile(join(cwd, 'mixed/empty.txt'), '');
  await symlink('nothing', join(cwd, 'mixed/dangling.txt'));
  upstream = await startUpstream({ ...INSTANT, ratePerSecond: 10_000, burst: 10_000 });
  provider = { OPENAI_BASE_URL: upstream.baseUrl };
});
afterAll(async () => {
  await upstream.close();
  await rm(cwd, { recursive: true });
});

const readResult = async (out: string) =>
  JSON.parse(await readFile(join(cwd, out, 'result.json'), 'utf8')) as DigestResult;

test('without arguments it digests the documentation of node_modules with the bundled model', async () => {
  const run = await spillway(['digest'], { cwd });
  expect(messages(run)).toEqual([]);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain('success: 4 files');
  expect(run.stdout).toContain('3 x node_modules/a/LICENSE');
  expect(run.stdout).toMatch(/summarize +4 +wait +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+\n/);
  const { status, data, metadata } = await readResult('spillway-out');
  expect(status).toBe('success');
  expect(metadata.endpoint).toMatchObject({ model: 'extractive-1', bundled: true });
  expect(data).toMatchObject({ groupCount: 2, duplicateGroupCount: 1, duplicateChunkCount: 2 });
  expect(data.summaries.map(({ file, groupSize }) => [file, groupSize])).toEqual([
    ['node_modules/a/LICENSE', 3],
    ['node_modules/a/README.md', 1],
  ]);
  expect(await readdir(join(cwd, 'spillway-out'))).toEqual(['latency.hlog', 'result.json']);
});

test('what cannot be read is listed and the rest is digested', async () => {
  const args = ['digest', 'mixed', 'none.txt', '--model', 'extractive-1', '--json', '--out', 'listed'];
  const run = await spillway(args, { cwd, env: provider });
  expect(run.code).toBe(0);
  const result = JSON.parse(run.stdout) as DigestResult;
  expect(result).toEqual(await readResult('listed'));
  expect(result.status).toBe('partial');
  expect(result.errors.map(({ file, code }) => [file, code])).toEqual([
    ['none.txt', 'FILE_NOT_FOUND'],
    ['mixed/dangling.txt', 'FILE_NOT_FOUND'],
    ['mixed/binary.dat', 'FILE_BINARY'],
    ['mixed/latin.txt', 'FILE_BINARY'],
  ]);
  for (const { message, suggestion } of result.errors) {
    expect(message).not.toBe('');
    expect(suggestion).not.toBe('');
  }
  expect(result.metadata.corpus).toMatchObject({ chunks: 1, completeChunks: 1, filesWithoutChunks: 3 });
});

test('the CPU part does not depend on threads, and --verify finds it equal', async () => {
  const base = ['digest', 'mixed/app.log', '--model', 'extractive-1', '--chunk-bytes', '1024', '--verify'];
  const parallel = await spillway([...base, '--threads', '2', '--out', 'parallel'], { cwd, env: provider });
  const sequential = await spillway([...base, '--sequential', '--out', 'sequential'], { cwd, env: provider });
  const results = [await readResult('parallel'), await readResult('sequential')];
  const { chunks } = results[0]!.metadata.corpus;
  expect(chunks).toBeGreaterThan(15);
  for (const run of [parallel, sequential]) {
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(`verified: ${chunks} chunks equal`);
  }
  expect(results[0]!.metadata.cpuHash).toBe(results[1]!.metadata.cpuHash);
  expect(results[0]!.data.groups).toEqual(results[1]!.data.groups);
  expect(results.map(({ metadata }) => [metadata.options.threads, metadata.options.concurrency])).toEqual([
    [2, 16],
    [1, 1],
  ]);
});

test('the latency log has one histogram an agent, which agrees with the table', async () => {
  const args = [
    'digest',
    'mixed/app.log',
    '--model',
    'extractive-1',
    '--chunk-bytes',
    '1024',
    '--out',
    'log',
  ];
  await spillway(args, { cwd, env: provider });
  const { metadata } = await readResult('log');
  const reader = new HistogramLogReader(await readFile(join(cwd, 'log/latency.hlog'), 'utf8'));
  const tags = [];
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    tags.push(next.tag);
    const { total } = metadata.latencyMs[next.tag]!;
    expect(next.totalCount).toBe(total.count);
    expect(Math.abs(next.getValueAtPercentile(50) / 1e6 / total.p50 - 1)).toBeLessThan(0.05);
    expect(new Date(next.startTimeStampMsec).toISOString()).toBe(metadata.startedAt);
  }
  expect(tags).toEqual(['summarize', 'terms', 'fingerprint']);
});

test('a rate limit is waited for and no chunk is lost', async () => {
  const limited = await startUpstream({ ...INSTANT, ratePerSecond: 20, burst: 2 });
  const args = [
    'digest',
    'mixed/app.log',
    '--model',
    'extractive-1',
    '--chunk-bytes',
    '1024',
    '--out',
    'limited',
  ];
  const run = await spillway(args, { cwd, env: { OPENAI_BASE_URL: limited.baseUrl } });
  await limited.close();
  expect(run.code).toBe(0);
  const { status, metadata } = await readResult('limited');
  expect(status).toBe('success');
  expect(metadata.modelCalls.rateLimited).toBeGreaterThan(0);
  expect(metadata.modelCalls.calls).toBe(metadata.corpus.chunks + metadata.modelCalls.rateLimited);
});

test('if no chunk goes through, the result says failed and the exit code is 1', async () => {
  const args = ['digest', 'mixed/app.log', '--model', 'no-such-model', '--out', 'failed'];
  const run = await spillway(args, { cwd, env: provider });
  expect(run.code).toBe(1);
  const { status, errors, data } = await readResult('failed');
  expect(status).toBe('failed');
  expect(errors).toMatchObject(
    [
      { file: 'mixed/app.log', chunk: 0, agent: 'summarize', code: 'HANDLER_FAILED', suggestion: /--model/ },
    ].map((error) => ({ ...error, suggestion: expect.stringMatching(error.suggestion) })),
  );
  // What the threads found out is not thrown away.
  expect(data.groupCount).toBe(1);
});

test('a difference that --verify finds is shown, and the exit code is 1', async () => {
  await writeFile(join(cwd, 'changing.txt'), 'The queue holds every task in order.');
  // A file that changes between the two readings stands for a thread that computes something else.
  const endpoint = await scriptedEndpoint([
    (response, request) => {
      writeFileSync(join(cwd, 'changing.txt'), 'The queue drops every task in order.');
      answer('a summary')(response, request);
    },
  ]);
  const args = ['digest', 'changing.txt', '--model', 'm', '--verify', '--out', 'different'];
  const run = await spillway(args, { cwd, env: { OPENAI_BASE_URL: endpoint.baseUrl } });
  await endpoint.close();
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(
    /verify: the first difference is at changing\.txt chunk 0\n {2}on threads: +holds/,
  );
  const { status, metadata } = await readResult('different');
  expect(status).toBe('success');
  expect(metadata.verification).toMatchObject({ status: 'different', at: 'changing.txt chunk 0' });
  expect(await readdir(join(cwd, 'different'))).toEqual(['latency.hlog', 'result.json']);
});
