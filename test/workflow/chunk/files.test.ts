import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChunkError } from '../../../src/workflow/chunk/chunk-error.ts';
import { readLines } from '../../../src/workflow/chunk/read-lines.ts';
import { type FileChunk, splitFiles } from '../../../src/workflow/chunk/split-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-chunk-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('the chunks of files', () => {
  test('say where they are', async () => {
    const one = await file('one', 'é1\n2\nthree3\n');
    const two = await file('two', 'four4');
    expect(await all(splitFiles([one, pathToFileURL(two)], { bytes: 8 }))).toEqual([
      { path: one, index: 0, text: 'é1\n2\n', fromByte: 0, bytes: 6, fromLine: 1, lines: 2 },
      { path: one, index: 1, text: 'three3\n', fromByte: 6, bytes: 7, fromLine: 3, lines: 1 },
      { path: two, index: 0, text: 'four4', fromByte: 0, bytes: 5, fromLine: 1, lines: 1 },
    ]);
  });

  test('cut a line that is too long; it counts where it begins', async () => {
    const path = await file('long', `${'x'.repeat(9)}\nb\n`);
    const parts = await all(splitFiles([path], { bytes: 4 }));
    expect(parts.map(({ text, fromLine, lines }) => ({ text, fromLine, lines }))).toEqual([
      { text: 'xxxx', fromLine: 1, lines: 1 },
      { text: 'xxxx', fromLine: 1, lines: 0 },
      { text: 'x\nb\n', fromLine: 1, lines: 1 },
    ]);
  });

  test('have every byte and every line of the files once, within the bound', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '\n', ' '), maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 4, max: 60 }), async (content, bytes) => {
        const path = await file('random', content);
        const parts = await all(splitFiles([path], { bytes }));
        expect(parts.map((part) => part.text).join('')).toBe(content);
        const lines = content.split('\n').length - (content === '' || content.endsWith('\n') ? 1 : 0);
        expect(parts.reduce((sum, part) => sum + part.lines, 0)).toBe(lines);
        let at = 0;
        for (const [index, part] of parts.entries()) {
          expect(part).toMatchObject({ index, fromByte: at, bytes: Buffer.byteLength(part.text) });
          expect(part.bytes).toBeLessThanOrEqual(bytes);
          expect(part.fromLine).toBe(Buffer.from(content).subarray(0, at).toString().split('\n').length);
          at += part.bytes;
        }
      }),
      { numRuns: 100 },
    );
  });

  test('are none of an empty file', async () => {
    expect(await all(splitFiles([await file('empty', '')], { bytes: 16 }))).toEqual([]);
  });

  test('keep a U+FEFF that is not at the start of its file', async () => {
    const path = await file('marks', '\ufeffabc\n\ufeffdef\n');
    const texts = (await all(splitFiles([path], { bytes: 8 }))).map(({ text }) => text);
    expect(texts).toEqual(['abc\n', '\ufeffdef\n']);
  });

  test('end with the error of a file that cannot be read, or go on without it if somebody is told', async () => {
    const good = await file('good', 'a\n');
    const binary = await file('binary', Buffer.from([0x50, 0]));
    const none = join(folder, 'none');
    await expect(all(splitFiles([none], { bytes: 8 }))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(all(splitFiles([binary], { bytes: 8 }))).rejects.toThrow(
      `${binary}: it contains NUL bytes, so it is no text; leave it out, or convert it to UTF-8`,
    );
    const told: [string, unknown][] = [];
    const onUnreadable = (path: string, error: unknown) =>
      told.push([path, (error as { code: unknown }).code]);
    const parts: FileChunk[] = await all(splitFiles([none, binary, good], { bytes: 8, onUnreadable }));
    expect(parts.map(({ path }) => path)).toEqual([good]);
    expect(told).toEqual([
      [none, 'ENOENT'],
      [binary, 'CHUNK_SOURCE_UNUSABLE'],
    ]);
  });

  test('are not made of what is no list', () => {
    expect(() => splitFiles('a.txt' as never, { bytes: 8 })).toThrow(
      "splitFiles.paths: expected a list of paths, got 'a.txt'",
    );
    expect(() => splitFiles([], { bytes: 0 })).toThrow('splitFiles.bytes: expected a whole number from 4');
  });
});

describe('the lines of a file or a stream', () => {
  test('come without their ends', async () => {
    const path = await file('lines', 'one\r\ntwo\n\nlast');
    const lines = ['one', 'two', '', 'last'];
    expect(await all(readLines(path))).toEqual(lines);
    expect(await all(readLines(pathToFileURL(path)))).toEqual(lines);
    expect(await all(readLines(createReadStream(path, { highWaterMark: 2 })))).toEqual(lines);
    expect(await all(readLines(['one\r', '\ntw', 'o\n\nlast']))).toEqual(lines);
  });

  test('are none of an empty file', async () => {
    expect(await all(readLines(await file('empty', '')))).toEqual([]);
  });

  test('that are too long are an error that names the line', async () => {
    const path = await file('too-long', `short\n${'x'.repeat(50)}\n`);
    const lines = readLines(path, { maxLineBytes: 16 });
    expect(await lines.next()).toEqual({ done: false, value: 'short' });
    const error = await lines.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ChunkError);
    expect((error as ChunkError).message).toBe(
      `${path}: line 2 has more than 16 bytes; raise maxLineBytes, or use splitFiles() or chunk(), which cut long lines`,
    );
  });

  test('of a file that is not there are an error of the file system', async () => {
    await expect(all(readLines(join(folder, 'none')))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(() => readLines(5 as never)).toThrow(
      'readLines.source: expected a path, a file URL or pieces of text, got 5',
    );
  });
});
