import { ChunkError } from './chunk-error.ts';
import { CHUNK_DEFAULTS } from './defaults.ts';
import { type Segment, splittingLines } from './line-splitter.ts';
import { checkChunking, checkSource } from './options.ts';
import { chained, drained, type Source, type Stage } from './stage.ts';
import { decoding, type TextPiece } from './text-pieces.ts';

export interface ReadLinesOptions {
  /** A longer line is an error, for half a line is worth nothing. Default 1 MiB. */
  readonly maxLineBytes?: number;
}

/**
 * The lines of a text file or of a stream, without their line ends (`\n` or `\r\n`), read as they are asked for. What
 * follows the last line end is a line if there is anything.
 * @param source a path, a `file:` URL, or pieces of text
 * @throws ConfigError for options that are not allowed; while it runs, ChunkError for a line that is too long, and errors
 * of the file system
 */
export function readLines(
  source: string | URL | Source<TextPiece>,
  options: ReadLinesOptions = {},
): AsyncGenerator<string, void> {
  const { maxLineBytes = CHUNK_DEFAULTS.maxLineBytes } = checkChunking('readLines', options);
  const isFile = typeof source === 'string' || source instanceof URL;
  checkSource('readLines.source', isFile ? [] : source, 'a path, a file URL or pieces of text');
  const path = isFile ? String(source) : undefined;
  const pieces: Source<TextPiece> = isFile ? openedWhenRead(source) : source;
  return drained(
    pieces,
    chained(chained(decoding(), splittingLines(maxLineBytes)), trimming(path, maxLineBytes)),
  );
}

async function* openedWhenRead(path: string | URL): AsyncGenerator<Uint8Array> {
  // Imported early, it would cost everybody several milliseconds.
  yield* process.getBuiltinModule('node:fs').createReadStream(path);
}

function trimming(path: string | undefined, maxLineBytes: number): Stage<Segment, string> {
  let line = 0;
  return {
    push({ text, isCut }) {
      line += 1;
      if (!isCut) return [text.replace(/\r?\n$/, '')];
      const advice = 'raise maxLineBytes, or use splitFiles() or chunk(), which cut long lines';
      throw new ChunkError(path, `line ${line} has more than ${maxLineBytes} bytes; ${advice}`);
    },
    end: () => [],
  };
}
