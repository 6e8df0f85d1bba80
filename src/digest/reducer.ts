import { truncate } from '../upstream/truncate.ts';
import type { Fingerprint } from './fingerprint.ts';
import { NearDuplicates } from './near-duplicates.ts';
import { DIGEST_BOUNDS } from './options.ts';
import type { TermCounts } from './terms.ts';

/** What the CPU agents made of a chunk. */
export interface CpuPart {
  readonly terms: TermCounts;
  readonly print: Fingerprint;
}

/** Where a chunk came from. */
export interface ChunkPlace {
  readonly file: string;
  readonly chunk: number;
  readonly line: number;
  readonly bytes: number;
}

/** The place alone, without the text that a chunk carries along. */
export function placeOf({ file, chunk, line, bytes }: ChunkPlace): ChunkPlace {
  return { file, chunk, line, bytes };
}

/** What is remembered of a chunk, beside its fingerprint. */
export interface KeptChunk {
  readonly place: ChunkPlace;
  readonly terms: TermCounts;
  readonly summary: string | undefined;
  /** Later near-duplicates that were only counted. */
  alike: number;
}

/**
 * Takes in the chunks, in the order of the corpus. Memory is bounded by `maxChunks`: later chunks are counted for the
 * group they are near-duplicates of, else only in `beyond`.
 */
export class Reducer {
  readonly kept: KeptChunk[] = [];
  readonly duplicates = new NearDuplicates();
  /** Chunks past the bound that belong to no known group. */
  beyond = 0;
  readonly #maxChunks: number;

  constructor(maxChunks: number) {
    this.#maxChunks = maxChunks;
  }

  add(place: ChunkPlace, { terms, print }: CpuPart, summary: string | undefined): void {
    if (this.kept.length < this.#maxChunks) {
      this.duplicates.add(print);
      this.kept.push({ place: placeOf(place), terms, summary: shortened(summary), alike: 0 });
      return;
    }
    const like = this.duplicates.find(print);
    if (like === undefined) this.beyond += 1;
    else this.kept[like]!.alike += 1;
  }

  /** The numbers of the kept chunks of each group, by the group's first chunk; groups in order of first chunks. */
  groups(): Map<number, number[]> {
    const groups = new Map<number, number[]>();
    for (let chunk = 0; chunk < this.kept.length; chunk += 1) {
      const first = this.duplicates.groupOf(chunk);
      const members = groups.get(first);
      if (members === undefined) groups.set(first, [chunk]);
      else members.push(chunk);
    }
    return groups;
  }
}

function shortened(summary: string | undefined): string | undefined {
  return summary === undefined ? undefined : truncate(summary, DIGEST_BOUNDS.summaryChars);
}
