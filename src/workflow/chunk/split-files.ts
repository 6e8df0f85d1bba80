import { fileURLToPath } from 'node:url';
import { ChunkError } from './chunk-error.ts';
import { checkChunking, checkSource } from './options.ts';
import type { Source } from './stage.ts';
import { BinaryFileError, readPieces } from './text-file.ts';

/** A part of a text file. */
export interface FileChunk {
  readonly path: string;
  /** Number in its file, from 0. */
  readonly index: number;
  readonly text: string;
  /** Where it starts in its file, from 0, and how long it is there. */
  readonly fromByte: number;
  readonly bytes: number;
  /** The line that it starts in, from 1. */
  readonly fromLine: number;
  /** Lines that begin in it; a line that is cut counts where it begins. */
  readonly lines: number;
}

export interface SplitFilesOptions {
  /** Longest chunk, in bytes; at least 4. */
  readonly bytes: number;
  /**
   * Called for a file that cannot be read or is no text; chunks of it may have been given before. The others go on.
   * Default: none; the error is thrown.
   */
  readonly onUnreadable?: (path: string, error: unknown) => void;
}

/**
 * The chunks of text files, in order, read as they are asked for: every line once, cut after the last line end that fits.
 * A line longer than `bytes` is cut between characters, and its last part goes on with the lines that follow. Put
 * together, the texts are the file's, but for a byte order mark, and bytes that are not UTF-8, which become U+FFFD.
 * @param paths paths or `file:` URLs
 * @throws ConfigError for options that are not allowed; while it runs, ChunkError for a file that is no text, and errors
 * of the file system
 */
export function splitFiles(
  paths: Source<string | URL>,
  options: SplitFilesOptions,
): AsyncGenerator<FileChunk, void> {
  checkChunking('splitFiles', options);
  return chunksOf(checkSource('splitFiles.paths', paths, 'a list of paths'), options);
}

async function* chunksOf(
  paths: Source<string | URL>,
  { bytes, onUnreadable }: SplitFilesOptions,
): AsyncGenerator<FileChunk, void> {
  for await (const given of paths) {
    const path = given instanceof URL ? fileURLToPath(given) : given;
    try {
      yield* chunksOfFile(path, bytes);
    } catch (error) {
      const explained = error instanceof BinaryFileError ? notText(path, error) : error;
      if (onUnreadable === undefined) throw explained;
      onUnreadable(path, explained);
    }
  }
}

async function* chunksOfFile(path: string, mostBytes: number): AsyncGenerator<FileChunk, void> {
  let index = 0;
  let fromByte = 0;
  let atLineStart = true;
  for await (const { text, line, bytes } of readPieces(path, mostBytes)) {
    const isEnded = text.endsWith('\n');
    const lines = text.split('\n').length - (isEnded ? 1 : 0) - (atLineStart ? 0 : 1);
    yield { path, index, text, fromByte, bytes, fromLine: line, lines };
    index += 1;
    fromByte += bytes;
    atLineStart = isEnded;
  }
}

function notText(path: string, cause: BinaryFileError): ChunkError {
  return new ChunkError(path, `${cause.message}, so it is no text; leave it out, or convert it to UTF-8`, {
    cause,
  });
}
