import type { FileHandle } from 'node:fs/promises';

/** A piece of a text file that ends with a line, or where a very long line had to be cut. */
export interface TextPiece {
  readonly text: string;
  /** Line that it starts in, from 1. */
  readonly line: number;
  readonly bytes: number;
}

/** The file is not text. `reason` says how that was seen. */
export class BinaryFileError extends Error {
  readonly reason: 'nul' | 'encoding';
  constructor(reason: 'nul' | 'encoding') {
    super(reason === 'nul' ? 'it contains NUL bytes' : 'it is not valid UTF-8');
    this.reason = reason;
  }
}

/** How much of a file decides whether it is text, in bytes. */
const HEAD_BYTES = 8_192;
const NEWLINE = 0x0a;

/**
 * Reads a text file in pieces of at most `pieceBytes`, cut after the last newline that fits; a longer line is cut
 * between characters. Holds one piece in memory, however large the file is.
 * @throws BinaryFileError if the head of the file is not UTF-8 text; errors of the file system.
 */
export async function* readPieces(path: string, pieceBytes: number): AsyncGenerator<TextPiece> {
  // Imported early, it would cost everybody several milliseconds.
  const { constants, promises } = process.getBuiltinModule('node:fs');
  // Without O_NONBLOCK, opening a pipe that took the file's place would wait for a writer.
  const file = await promises.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    let held = 0;
    let line = 1;
    for (let first = true; ; first = false) {
      held += await fill(file, buffer.subarray(held));
      const isEnd = held < pieceBytes;
      if (first) assertText(buffer.subarray(0, HEAD_BYTES).subarray(0, held), isEnd && held <= HEAD_BYTES);
      if (held === 0) return;
      const cut = isEnd ? held : cutAfter(buffer);
      yield { text: decode(buffer.subarray(0, cut), first), line, bytes: cut };
      line += countNewlines(buffer.subarray(0, cut));
      buffer.copyWithin(0, cut, held);
      held -= cut;
    }
  } finally {
    await file.close();
  }
}

/** Reads until the space is full or the file ends; returns how many bytes came. */
async function fill(file: FileHandle, space: Buffer): Promise<number> {
  let filled = 0;
  while (filled < space.length) {
    const { bytesRead } = await file.read(space, filled, space.length - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** Where to cut a full buffer: after its last newline, else before a character that is not complete. */
export function cutAfter(buffer: Uint8Array): number {
  const newline = buffer.lastIndexOf(NEWLINE);
  if (newline >= 0) return newline + 1;
  for (let back = 1; back <= Math.min(4, buffer.length); back += 1) {
    const byte = buffer[buffer.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needs > back && buffer.length > back ? buffer.length - back : buffer.length;
  }
  return buffer.length;
}

function assertText(head: Uint8Array, isWholeFile: boolean): void {
  if (head.includes(0)) throw new BinaryFileError('nul');
  try {
    // The head of a longer file may end inside a character, which `stream` allows.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !isWholeFile });
  } catch {
    throw new BinaryFileError('encoding');
  }
}

/** Bytes that are not UTF-8, past the head, become U+FFFD; a byte order mark that the file begins with is dropped. */
function decode(bytes: Uint8Array, isFirst: boolean): string {
  return new TextDecoder('utf-8', { ignoreBOM: !isFirst }).decode(bytes);
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
