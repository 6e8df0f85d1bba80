import type { GroupDraft, Grouping } from './groups.ts';
import { DIGEST_BOUNDS } from './options.ts';
import type { ChunkPlace } from './reducer.ts';
import { round4, type WeightedTerm } from './term-weights.ts';
import { tokensOf } from './tokens.ts';

/** The best summary of a group. */
export interface RankedSummary extends ChunkPlace {
  /** Larger first: how much of its group's terms it says, times how much text stands behind it. */
  readonly score: number;
  /** Chunks that it stands for. */
  readonly groupSize: number;
  readonly text: string;
}

export interface SummaryRanking {
  readonly summaries: readonly RankedSummary[];
  /** Summaries left out because one from the same group, or one that says the same, ranks higher. */
  readonly duplicatesRemoved: number;
}

/** Summaries that share this much of their words say the same. */
const SAME_SUMMARY_SHARE = 0.8;

/**
 * One summary a group, the best first, without those that repeat a better one.
 * Score = share of the group's term weight that the summary mentions × log2(1 + KiB of text in the group).
 */
export function rankSummaries(grouping: Grouping): SummaryRanking {
  const ranked = grouping.drafts.flatMap((draft) => bestOf(draft, grouping) ?? []);
  ranked.sort((a, b) => b.score - a.score || a.chunk - b.chunk);
  const summaries: RankedSummary[] = [];
  const shown: ReadonlySet<string>[] = [];
  let repeats = 0;
  for (const { chunk, score, groupSize } of ranked) {
    if (summaries.length === DIGEST_BOUNDS.summariesListed) break;
    const { place, summary = '' } = grouping.kept[chunk]!;
    const words = new Set(tokensOf(summary));
    if (shown.some((other) => shareOfWords(words, other) >= SAME_SUMMARY_SHARE)) {
      repeats += 1;
      continue;
    }
    summaries.push({ ...place, score, groupSize, text: summary });
    shown.push(words);
  }
  return { summaries, duplicatesRemoved: sameGroup(grouping) + repeats };
}

interface Scored {
  /** Number of the kept chunk. */
  readonly chunk: number;
  readonly score: number;
  readonly groupSize: number;
}

function bestOf(draft: GroupDraft, { kept, weights }: Grouping): Scored | undefined {
  const terms = weights.topOfGroup(draft.chunks, DIGEST_BOUNDS.termsListed);
  let best: Scored | undefined;
  for (const chunk of draft.chunks.slice(0, DIGEST_BOUNDS.membersListed)) {
    const { summary } = kept[chunk]!;
    if (summary === undefined) continue;
    const score = round4(coverage(summary, terms) * Math.log2(1 + draft.bytes / 1_024));
    if (best === undefined || score > best.score) best = { chunk, score, groupSize: draft.size };
  }
  return best;
}

function sameGroup({ drafts, kept }: Grouping): number {
  let others = 0;
  for (const { chunks } of drafts) {
    const summarized = chunks.filter((chunk) => kept[chunk]!.summary !== undefined).length;
    others += Math.max(0, summarized - 1);
  }
  return others;
}

/** The share of the term weight that the summary mentions, 0 to 1. */
function coverage(summary: string, terms: readonly WeightedTerm[]): number {
  const words = new Set(tokensOf(summary));
  let said = 0;
  let all = 0;
  for (const { term, weight } of terms) {
    all += weight;
    if (words.has(term)) said += weight;
  }
  return all === 0 ? 0 : said / all;
}

function shareOfWords(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const word of a) if (b.has(word)) common += 1;
  const all = a.size + b.size - common;
  return all === 0 ? 1 : common / all;
}
