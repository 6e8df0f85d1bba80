import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Chunk } from '../../src/digest/chunk-source.ts';
import { chunkLine, digestLine, parseChunkLine } from '../../src/digest/cpu-record.ts';
import { fingerprint } from '../../src/digest/fingerprint.ts';
import { describeGroups, groupChunks } from '../../src/digest/groups.ts';
import { Reducer } from '../../src/digest/reducer.ts';
import { countTerms } from '../../src/digest/terms.ts';
import { CpuRecording, verifyCpu } from '../../src/digest/verify.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-verify-'));
});
afterAll(() => rm(folder, { recursive: true }));

const CHUNKS: readonly Chunk[] = ['the first chunk of all', 'another chunk with __proto__ in it', '---'].map(
  (text, chunk) => ({ file: 'f.txt', chunk, line: chunk + 1, bytes: text.length, text }),
);
const cpuOf = ({ text }: Chunk) => ({ terms: countTerms(text), print: fingerprint(text) });

async function* all() {
  yield* CHUNKS;
}

/** Records what the lanes would have made of the chunks, with one line changed on request. */
async function compare(change: (line: string, index: number) => string = (line) => line, skip = -1) {
  const recording = await CpuRecording.open(join(folder, 'lines'));
  const reducer = new Reducer(100);
  for (const [index, chunk] of CHUNKS.entries()) {
    if (index === skip) continue;
    await recording.add(change(chunkLine(chunk, cpuOf(chunk)), index));
    reducer.add(chunk, cpuOf(chunk), undefined);
  }
  const digest = digestLine(describeGroups(groupChunks(reducer), reducer));
  try {
    return await verifyCpu(recording, change(digest, -1), all(), 100, undefined);
  } finally {
    await recording.close();
  }
}

test('a line read back is written the same', () => {
  for (const chunk of CHUNKS) {
    const line = chunkLine(chunk, cpuOf(chunk));
    const { place, cpu } = parseChunkLine(line);
    expect(chunkLine(place, cpu)).toBe(line);
  }
});

test('equal results are counted, and the recording is removed', async () => {
  expect(await compare()).toEqual({ status: 'equal', chunks: 3 });
  expect(await readdir(folder)).toEqual([]);
});

test('a chunk that failed on the lanes is passed over', async () => {
  expect(await compare(undefined, 1)).toEqual({ status: 'equal', chunks: 2 });
});

test('the first different chunk is named, with both sides from where they differ', async () => {
  const found = await compare((line, index) => (index === 1 ? line.replace('"chunk"', '"chunky"') : line));
  expect(found).toMatchObject({
    status: 'different',
    at: 'f.txt chunk 1',
    onThreads: expect.stringMatching(/^y"/),
    inOneThread: expect.stringMatching(/^"/),
  });
});

test('a difference in the reduce step alone is found too', async () => {
  const found = await compare((line, index) =>
    index === -1 ? line.replace('"groupCount":3', '"groupCount":4') : line,
  );
  expect(found).toMatchObject({ status: 'different', at: 'reduce' });
});
