import { BinaryFileError, readPieces } from '../workflow/chunk/text-file.ts';
import type { CorpusFile } from './corpus.ts';
import { type DigestIssue, fileIssue } from './issue.ts';

/** A part of a file: what one task works on. */
export interface Chunk {
  readonly file: string;
  /** Number in its file, from 0. */
  readonly chunk: number;
  /** Line that it starts in, from 1. */
  readonly line: number;
  readonly bytes: number;
  readonly text: string;
}

export interface ChunkSourceOptions {
  readonly chunkBytes: number;
  /** Called for a file that is not text or fails while it is read. The others go on. */
  readonly onIssue: (issue: DigestIssue) => void;
  /** Called when a file has been read to its end or given up, with the bytes that became chunks. */
  readonly onFileEnd: (file: CorpusFile, chunkedBytes: number) => void;
}

/** The chunks of all files, in order, read as they are asked for. Chunks of white space alone are left out. */
export async function* chunkSource(
  files: Iterable<CorpusFile>,
  options: ChunkSourceOptions,
): AsyncGenerator<Chunk> {
  for (const file of files) {
    let chunk = 0;
    let chunkedBytes = 0;
    try {
      for await (const { text, line, bytes } of readPieces(file.path, options.chunkBytes)) {
        if (text.trim() === '') continue;
        yield { file: file.name, chunk, line, bytes, text };
        chunk += 1;
        chunkedBytes += bytes;
      }
    } catch (error) {
      const binary = error instanceof BinaryFileError;
      options.onIssue(binary ? binaryIssue(file.name, error) : fileIssue(file.name, error, chunk));
    }
    options.onFileEnd(file, chunkedBytes);
  }
}

function binaryIssue(file: string, error: BinaryFileError): DigestIssue {
  return {
    file,
    code: 'FILE_BINARY',
    message: `${file} is not text: ${error.message}`,
    suggestion:
      error.reason === 'nul'
        ? 'leave it out; if it is UTF-16, convert it: iconv -f UTF-16 -t UTF-8'
        : 'leave it out, or convert it: iconv -f ISO-8859-1 -t UTF-8',
  };
}
