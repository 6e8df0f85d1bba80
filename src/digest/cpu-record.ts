import { createHash, type Hash } from 'node:crypto';
import type { Fingerprint } from './fingerprint.ts';
import type { CpuDigest } from './groups.ts';
import type { ChunkPlace, CpuPart } from './reducer.ts';

/** The CPU part of a chunk as one line of canonical JSON: equal results give equal bytes. */
export function chunkLine(place: ChunkPlace, { terms, print }: CpuPart): string {
  return JSON.stringify([
    [place.file, place.chunk, place.line, place.bytes],
    [terms.words, terms.distinct, terms.top],
    [print.shingles, [...print.signature], [...print.bands]],
  ]);
}

/** The CPU part of the result as one line of canonical JSON. */
export function digestLine(digest: CpuDigest): string {
  return JSON.stringify(digest);
}

/** Reads a line of `chunkLine` back. */
export function parseChunkLine(line: string): { readonly place: ChunkPlace; readonly cpu: CpuPart } {
  type Line = [
    [string, number, number, number],
    [number, number, [string, number][]],
    [number, number[], number[]],
  ];
  const [[file, chunk, startLine, bytes], [words, distinct, top], [shingles, signature, bands]] = JSON.parse(
    line,
  ) as Line;
  const print: Fingerprint = {
    shingles,
    signature: Uint32Array.from(signature),
    bands: Uint32Array.from(bands),
  };
  return { place: { file, chunk, line: startLine, bytes }, cpu: { terms: { words, distinct, top }, print } };
}

/** A running SHA-256 over lines: two runs with the same hash had the same CPU part. */
export class LineHash {
  readonly #hash: Hash = createHash('sha256');

  add(line: string): void {
    this.#hash.update(line).update('\n');
  }

  /** In hexadecimal. Can be called once. */
  end(): string {
    return this.#hash.digest('hex');
  }
}
