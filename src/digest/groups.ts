import { DIGEST_BOUNDS } from './options.ts';
import type { ChunkPlace, KeptChunk, Reducer } from './reducer.ts';
import { type CorpusTerm, round4, TermWeights, type WeightedTerm } from './term-weights.ts';

/** A set of near-duplicate chunks, as the result lists it. Most sets have one. */
export interface Group {
  /** Chunks in it, listed or not. */
  readonly size: number;
  /** Bytes of the chunks whose place is remembered. */
  readonly bytes: number;
  readonly terms: readonly WeightedTerm[];
  /** The estimated share of shingles that the least similar listed member has in common with the first, 0 to 1. */
  readonly similarity: number;
  /** The first ones. */
  readonly members: readonly ChunkPlace[];
}

/** What the reduce step makes of the CPU agents' results; says nothing that depends on a model or on timing. */
export interface CpuDigest {
  readonly groupCount: number;
  /** Groups of two or more. */
  readonly duplicateGroupCount: number;
  /** Chunks that repeat an earlier one. */
  readonly duplicateChunkCount: number;
  /** The largest groups: by size, then by bytes, then by place in the corpus. */
  readonly groups: readonly Group[];
  readonly terms: readonly CorpusTerm[];
}

/** A group as the reduce step works on it. */
export interface GroupDraft {
  /** Numbers of its kept chunks. */
  readonly chunks: readonly number[];
  readonly size: number;
  readonly bytes: number;
}

/** All groups, the largest first, with the weights of their terms. */
export interface Grouping {
  readonly kept: readonly KeptChunk[];
  readonly drafts: readonly GroupDraft[];
  readonly weights: TermWeights;
}

/** Forms the groups of what the reducer took in. */
export function groupChunks(reducer: Reducer): Grouping {
  const { kept } = reducer;
  const members = reducer.groups();
  const drafts = [...members.values()].map((chunks) => ({
    chunks,
    size: chunks.reduce((sum, chunk) => sum + 1 + kept[chunk]!.alike, 0),
    bytes: chunks.reduce((sum, chunk) => sum + kept[chunk]!.place.bytes, 0),
  }));
  drafts.sort((a, b) => b.size - a.size || b.bytes - a.bytes || a.chunks[0]! - b.chunks[0]!);
  return { kept, drafts, weights: new TermWeights(kept, members) };
}

/** What the result says about groups and terms. */
export function describeGroups({ kept, drafts, weights }: Grouping, reducer: Reducer): CpuDigest {
  const groups = drafts.slice(0, DIGEST_BOUNDS.groupsListed).map(({ chunks, size, bytes }) => {
    const listed = chunks.slice(0, DIGEST_BOUNDS.membersListed);
    const likeness = listed.map((chunk) => reducer.duplicates.similarity(chunks[0]!, chunk));
    return {
      size,
      bytes,
      terms: weights.topOfGroup(chunks, DIGEST_BOUNDS.termsListed),
      similarity: round4(Math.min(...likeness)),
      members: listed.map((chunk) => kept[chunk]!.place),
    };
  });
  return {
    groupCount: drafts.length,
    duplicateGroupCount: drafts.filter((draft) => draft.size > 1).length,
    duplicateChunkCount: drafts.reduce((sum, draft) => sum + draft.size - 1, 0),
    groups,
    terms: weights.topOfCorpus(DIGEST_BOUNDS.corpusTermsListed),
  };
}
