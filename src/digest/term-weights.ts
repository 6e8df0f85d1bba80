import type { KeptChunk } from './reducer.ts';
import { byCountThenTerm, type TermCount } from './terms.ts';

/** A term and its weight, larger being more telling. */
export interface WeightedTerm {
  readonly term: string;
  /** Rounded to 4 digits. */
  readonly weight: number;
}

/** A term, its count over the corpus and the number of groups that it is a top term of. */
export interface CorpusTerm {
  readonly term: string;
  readonly count: number;
  readonly groups: number;
}

/**
 * Weighs terms by tf-idf over groups, not chunks: a license that is there fifty times must not make its own words
 * common. tf = 1 + ln(count), idf = ln(groups / groups with the term) + 1.
 * Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988.
 */
export class TermWeights {
  readonly #kept: readonly KeptChunk[];
  readonly #groups: number;
  /** Term to groups that have it, and to its count over all. */
  readonly #spread = new Map<string, { groups: number; count: number }>();

  constructor(kept: readonly KeptChunk[], groups: ReadonlyMap<number, readonly number[]>) {
    this.#kept = kept;
    this.#groups = groups.size;
    for (const members of groups.values()) {
      for (const [term, count] of this.#counts(members)) {
        const seen = this.#spread.get(term);
        if (seen === undefined) this.#spread.set(term, { groups: 1, count });
        else {
          seen.groups += 1;
          seen.count += count;
        }
      }
    }
  }

  /** The `most` weightiest terms of a group; of equal ones, the first in the order of code units. */
  topOfGroup(members: readonly number[], most: number): WeightedTerm[] {
    const weighed: [string, number][] = [];
    for (const [term, count] of this.#counts(members)) {
      const idf = Math.log(this.#groups / this.#spread.get(term)!.groups) + 1;
      weighed.push([term, (1 + Math.log(count)) * idf]);
    }
    weighed.sort(byCountThenTerm);
    return weighed.slice(0, most).map(([term, weight]) => ({ term, weight: round4(weight) }));
  }

  /** The `most` frequent top terms of the whole corpus. */
  topOfCorpus(most: number): CorpusTerm[] {
    const counts: TermCount[] = [];
    for (const [term, { count }] of this.#spread) counts.push([term, count]);
    counts.sort(byCountThenTerm);
    return counts
      .slice(0, most)
      .map(([term, count]) => ({ term, count, groups: this.#spread.get(term)!.groups }));
  }

  #counts(members: readonly number[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const member of members) {
      for (const [term, count] of this.#kept[member]!.terms.top)
        counts.set(term, (counts.get(term) ?? 0) + count);
    }
    return counts;
  }
}

export function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
