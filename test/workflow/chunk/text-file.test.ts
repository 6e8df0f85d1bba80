import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BinaryFileError, cutAfter, readPieces } from '../../../src/workflow/chunk/text-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-text-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function pieces(content: string | Uint8Array, pieceBytes: number) {
  const path = join(folder, 'file');
  await writeFile(path, content);
  const all = [];
  for await (const piece of readPieces(path, pieceBytes)) all.push(piece);
  return all;
}

test('pieces end with a line and say in which line they start', async () => {
  expect(await pieces('one\ntwo\nthree\nfour', 10)).toEqual([
    { text: 'one\ntwo\n', line: 1, bytes: 8 },
    { text: 'three\n', line: 3, bytes: 6 },
    { text: 'four', line: 4, bytes: 4 },
  ]);
});

test('a line longer than a piece is cut between characters', async () => {
  const all = await pieces('é'.repeat(10), 7);
  expect(all.map(({ text }) => text)).toEqual(['ééé', 'ééé', 'ééé', 'é']);
  expect(all.map(({ line }) => line)).toEqual([1, 1, 1, 1]);
});

test('put together, the pieces of any text are that text', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '\n', ' '), maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 4, max: 40 }), async (content, pieceBytes) => {
      const all = await pieces(content, pieceBytes);
      expect(all.map((piece) => piece.text).join('')).toBe(content);
      expect(all.every((piece) => Buffer.byteLength(piece.text) === piece.bytes)).toBe(true);
      expect(all.every((piece) => piece.bytes <= pieceBytes)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('an empty file has no pieces', async () => {
  expect(await pieces('', 16)).toEqual([]);
});

test('a byte order mark is dropped', async () => {
  const [piece] = await pieces('\ufefftext', 1_024);
  expect(piece?.text).toBe('text');
});

test.each([
  ['NUL bytes', Buffer.from('PK\u0003\u0000rest'), 'nul'],
  ['UTF-16', Buffer.from('text', 'utf16le'), 'nul'],
  ['Latin-1 at its end', Buffer.from('caf\xe9', 'latin1'), 'encoding'],
  ['Latin-1', Buffer.from('caf\xe9 au lait', 'latin1'), 'encoding'],
])('a file of %s is not text', async (_, content, reason) => {
  await expect(pieces(content, 1_024)).rejects.toThrow(BinaryFileError);
  await expect(pieces(content, 1_024)).rejects.toMatchObject({ reason });
});

test('a character that the head ends in the middle of is no binary', async () => {
  expect(await pieces(`${'x'.repeat(8_191)}é`, 1_024)).toHaveLength(9);
});

test('bytes that are not UTF-8, further on, become replacement characters', async () => {
  const all = await pieces(Buffer.concat([Buffer.from('a'.repeat(10_000)), Buffer.from([0xff])]), 16_384);
  expect(all[0]?.text.endsWith('a\ufffd')).toBe(true);
});

test('a file that is not there is an error of the file system', async () => {
  await expect(readPieces(join(folder, 'none'), 16).next()).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['after the last newline', [97, 10, 98], 2],
  ['at the end if the last character is complete', [97, 0xc3, 0xa9], 3],
  ['before a character of two bytes that lacks one', [97, 98, 0xc3], 2],
  ['before a character of four bytes that lacks one', [97, 0xf0, 0x9f, 0x98], 1],
  ['at the end if there is nothing but continuation bytes', [0x80, 0x80, 0x80, 0x80, 0x80], 5],
])('a full buffer is cut %s', (_, bytes, cut) => {
  expect(cutAfter(Uint8Array.from(bytes))).toBe(cut);
});
