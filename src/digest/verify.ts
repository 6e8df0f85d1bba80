import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { notWritable } from '../report/whole-file.ts';
import type { Chunk } from './chunk-source.ts';
import { chunkLine, digestLine, parseChunkLine } from './cpu-record.ts';
import { fingerprint } from './fingerprint.ts';
import { describeGroups, groupChunks } from './groups.ts';
import { type ChunkPlace, type CpuPart, placeOf, Reducer } from './reducer.ts';
import { countTerms } from './terms.ts';

/** What the comparison found. */
export type Verification =
  | { readonly status: 'equal'; readonly chunks: number }
  | {
      readonly status: 'different';
      /** Where the first difference is: a chunk, or the reduce step. */
      readonly at: string;
      /** From the first byte that differs. */
      readonly onThreads: string;
      readonly inOneThread: string;
    };

/** Keeps the lanes' results on disk until they are compared: they may be more than memory holds. */
export class CpuRecording {
  readonly path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** @throws SpillwayError `OUTPUT_NOT_WRITABLE`, as `add` does */
  static async open(path: string): Promise<CpuRecording> {
    try {
      return new CpuRecording(path, await open(path, 'w'));
    } catch (error) {
      throw notWritable(path, error);
    }
  }

  async add(line: string): Promise<void> {
    try {
      await this.#file.write(`${line}\n`);
    } catch (error) {
      throw notWritable(this.path, error);
    }
  }

  async *lines(): AsyncGenerator<string> {
    const input = createReadStream(this.path);
    try {
      yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    } finally {
      input.destroy();
    }
  }

  /** Removes the file. */
  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.path, { force: true });
  }
}

/**
 * Reads the corpus again, does the CPU agents' work and the reduce step in this one thread, without lanes, and
 * compares the results with the recorded ones, byte for byte.
 * @param expectedDigest `digestLine` of the run
 */
export async function verifyCpu(
  recording: CpuRecording,
  expectedDigest: string,
  source: AsyncIterable<Chunk>,
  maxChunksKept: number,
  signal: AbortSignal | undefined,
): Promise<Verification> {
  const reducer = new Reducer(maxChunksKept);
  const chunks = source[Symbol.asyncIterator]();
  let count = 0;
  try {
    for await (const line of recording.lines()) {
      signal?.throwIfAborted();
      const recorded = parseChunkLine(line);
      const chunk = await chunkAt(recorded.place, chunks);
      const at = `${recorded.place.file} chunk ${recorded.place.chunk}`;
      if (chunk === undefined)
        return { status: 'different', at, ...difference(line, 'no such chunk: the file has changed') };
      const again = chunkLine(placeOf(chunk), recompute(chunk.text));
      if (again !== line) return { status: 'different', at, ...difference(line, again) };
      reducer.add(recorded.place, recorded.cpu, undefined);
      count += 1;
    }
  } finally {
    await chunks.return?.();
  }
  const digest = digestLine(describeGroups(groupChunks(reducer), reducer));
  if (digest !== expectedDigest)
    return { status: 'different', at: 'reduce', ...difference(expectedDigest, digest) };
  return { status: 'equal', chunks: count };
}

function recompute(text: string): CpuPart {
  return { terms: countTerms(text), print: fingerprint(text) };
}

/** The next chunk of that file and number; chunks before it failed on the lanes and have nothing to compare. */
async function chunkAt(place: ChunkPlace, chunks: AsyncIterator<Chunk>): Promise<Chunk | undefined> {
  for (;;) {
    const next = await chunks.next();
    if (next.done) return undefined;
    if (next.value.file === place.file && next.value.chunk === place.chunk) return next.value;
  }
}

const EXCERPT_CHARS = 120;

function difference(onThreads: string, inOneThread: string): { onThreads: string; inOneThread: string } {
  let at = 0;
  while (at < onThreads.length && onThreads[at] === inOneThread[at]) at += 1;
  return {
    onThreads: onThreads.slice(at, at + EXCERPT_CHARS),
    inOneThread: inOneThread.slice(at, at + EXCERPT_CHARS),
  };
}
