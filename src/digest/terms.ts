import { DIGEST_BOUNDS } from './options.ts';
import { isTerm, tokensOf } from './tokens.ts';

/** A term and how often it occurs. */
export type TermCount = readonly [term: string, count: number];

/** What a text is about, in words. */
export interface TermCounts {
  /** All words, stop words and numbers too. */
  readonly words: number;
  /** Different terms. */
  readonly distinct: number;
  /** The most frequent terms; of equally frequent ones, the first in the order of code units. */
  readonly top: readonly TermCount[];
}

/** Counts the terms of a text. The same on every machine and thread. */
export function countTerms(text: string): TermCounts {
  const counts = new Map<string, number>();
  const tokens = tokensOf(text);
  for (const token of tokens) {
    const count = counts.get(token);
    if (count !== undefined) counts.set(token, count + 1);
    else if (isTerm(token)) counts.set(token, 1);
  }
  const top = [...counts].sort(byCountThenTerm).slice(0, DIGEST_BOUNDS.termsPerChunk);
  return { words: tokens.length, distinct: counts.size, top };
}

export function byCountThenTerm(a: TermCount, b: TermCount): number {
  return b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
}
