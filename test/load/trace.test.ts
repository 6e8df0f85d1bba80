import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTrace } from '../../src/load/trace.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-trace-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string) {
  const path = join(folder, 'trace.csv');
  await writeFile(path, text);
  return readTrace(path);
}

const HEAD = 'TIMESTAMP,ContextTokens,GeneratedTokens\n';

test('calls are read with their times from the first one on, to a fraction of a millisecond', async () => {
  const trace = await read(
    `\uFEFF${HEAD}2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319605,3180,8\r\n`,
  );
  expect(trace.calls.map(({ contextTokens, generatedTokens }) => [contextTokens, generatedTokens])).toEqual([
    [4808, 10],
    [3180, 8],
  ]);
  expect(trace.calls[0]!.atMs).toBe(0);
  expect(trace.calls[1]!.atMs).toBeCloseTo(52.0005, 3);
  expect(trace.spanMs).toBeCloseTo(52.0005, 3);
  expect(trace.meanTokens).toBe(4_003);
});

test('times may be seconds, columns may come in any order with others between them', async () => {
  const trace = await read(
    'id,GeneratedTokens,TIMESTAMP,note,ContextTokens\n1,5,10.5,"a, b",7\n2,6,12,,8\n\n',
  );
  expect(trace.calls).toEqual([
    { atMs: 0, contextTokens: 7, generatedTokens: 5 },
    { atMs: 1_500, contextTokens: 8, generatedTokens: 6 },
  ]);
});

test('zones are minded', async () => {
  const trace = await read(`${HEAD}2023-11-16T18:00:00Z,1,1\n2023-11-16T19:00:01+01:00,1,1\n`);
  expect(trace.spanMs).toBe(1_000);
});

test('calls of one moment are kept: real traces have them', async () => {
  const { calls } = await read(`${HEAD}5,1,1\n5,2,2\n5,3,3\n`);
  expect(calls.map(({ atMs, contextTokens }) => [atMs, contextTokens])).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
  ]);
});

test.each([
  [
    'a missing column',
    'TIMESTAMP,ContextTokens\n5,1\n',
    /expected a column GeneratedTokens, got the columns TIMESTAMP, ContextTokens$/,
  ],
  [
    'an unsorted line',
    `${HEAD}5,1,1\n6,1,1\n5.5,1,1\n`,
    /, line 4: TIMESTAMP: expected a time not before.*got '5\.5'; sort the file/,
  ],
  ['an empty file', '', /expected a header and at least one call, got none$/],
  ['a header alone', HEAD, /expected a header and at least one call, got none$/],
  [
    'a time that is none',
    `${HEAD}yesterday,1,1\n`,
    /, line 2: TIMESTAMP: expected a date and time, or a number of seconds, got 'yesterday'$/,
  ],
  [
    'a date that is none',
    `${HEAD}2023-13-45 00:00:00,1,1\n`,
    /, line 2: TIMESTAMP: expected a date and time.*got '2023-13-45/,
  ],
  [
    'tokens that are none',
    `${HEAD}5,1,-3\n`,
    /, line 2: GeneratedTokens: expected a whole number of tokens, got '-3'$/,
  ],
  ['a short line', `${HEAD}5,1\n`, /is no CSV file: Invalid Record Length/],
  ['an open quote', `${HEAD}5,"1,1\n`, /is no CSV file: Quote Not Closed/],
])('%s is refused', async (_what, text, message) => {
  await expect(read(text)).rejects.toThrow(message);
  await expect(read(text)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test('a file that is not there is refused', async () => {
  await expect(readTrace(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: cannot be read: ENOENT/);
});
