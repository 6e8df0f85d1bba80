import { AggregationError } from './aggregation-error.ts';
import { AGGREGATE_BOUNDS } from './defaults.ts';

/**
 * Leaves out every entry that is similar to one before it that stays. The similarity of two texts is the share of trigrams
 * that they have in common: those of words in lower case, with two blanks before a word and one after it, as in
 * PostgreSQL's pg_trgm. Texts without words are similar to nothing.
 *
 * Exact, and still far from comparing all with all. Two sets can only have a share of t in common if they share one of
 * their first n - ceil(t n) + 1 members, in any order that is the same for all; in that of the rarest first, few do. Where
 * they first meet says how much they can have in common at best.
 * Sources: S. Chaudhuri and others, "A Primitive Operator for Similarity Joins in Data Cleaning", 2006 (prefixes);
 * C. Xiao and others, "Efficient Similarity Joins for Near Duplicate Detection", 2008 (places).
 * @throws AggregationError if texts are so many and so alike that it would take too long
 */
export function dissimilar<E>(entries: readonly E[], textOf: (entry: E) => string, atLeast: number): E[] {
  const sets = rarestFirst(entries.map((entry) => trigramsOf(textOf(entry))));
  const index = new Map<number, Posting[]>();
  const work = { steps: 0 };
  return entries.filter((_, at) => {
    const set = sets[at]!;
    const prefix = prefixLength(set.length, atLeast);
    if (findSimilar(set, prefix, sets, index, atLeast, work)) return false;
    for (let place = 0; place < prefix; place += 1) {
      const postings = index.get(set[place]!);
      if (postings === undefined) index.set(set[place]!, [{ text: at, place }]);
      else postings.push({ text: at, place });
    }
    return true;
  });
}

/** A text in whose prefix a trigram is, and where. */
interface Posting {
  readonly text: number;
  readonly place: number;
}

function prefixLength(size: number, atLeast: number): number {
  return size === 0 ? 0 : size - Math.ceil(atLeast * size - 1e-9) + 1;
}

function findSimilar(
  set: Uint32Array,
  prefix: number,
  sets: readonly Uint32Array[],
  index: ReadonlyMap<number, readonly Posting[]>,
  atLeast: number,
  work: { steps: number },
): boolean {
  const looked = new Set<number>();
  for (let place = 0; place < prefix; place += 1) {
    const postings = index.get(set[place]!) ?? [];
    work.steps += postings.length;
    assertNotTooLong(work.steps);
    for (const posting of postings) {
      if (looked.has(posting.text)) continue;
      looked.add(posting.text);
      const other = sets[posting.text]!;
      // Where they first meet, nothing before is in both.
      const most = Math.min(set.length - place, other.length - posting.place);
      if (!isEnough(most, set.length + other.length, atLeast)) continue;
      work.steps += set.length + other.length;
      if (isEnough(sharedBy(set, other), set.length + other.length, atLeast)) return true;
    }
  }
  return false;
}

/** Whether two sets with so many in common, out of so many in both lists, are similar. */
function isEnough(shared: number, sizes: number, atLeast: number): boolean {
  return shared >= atLeast * (sizes - shared) - 1e-9;
}

/** How many members two sets in the same order have in common. */
function sharedBy(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const difference = a[i]! - b[j]!;
    if (difference === 0) shared += 1;
    if (difference <= 0) i += 1;
    if (difference >= 0) j += 1;
  }
  return shared;
}

/** Gives trigrams numbers, the rarest the lowest, and each text the sorted numbers of its own. */
function rarestFirst(texts: readonly ReadonlySet<string>[]): Uint32Array[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const trigram of text) counts.set(trigram, (counts.get(trigram) ?? 0) + 1);
  const byCount = [...counts].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  const numbers = new Map(byCount.map(([trigram], number) => [trigram, number]));
  return texts.map((text) => Uint32Array.from(text, (trigram) => numbers.get(trigram)!).sort());
}

const WORD = /[\p{L}\p{M}\p{N}_]+/gu;

function trigramsOf(text: string): Set<string> {
  const trigrams = new Set<string>();
  for (const word of text.toLowerCase().match(WORD) ?? []) {
    const letters = [...`  ${word} `];
    for (let at = 0; at + 3 <= letters.length; at += 1) trigrams.add(letters.slice(at, at + 3).join(''));
  }
  return trigrams;
}

function assertNotTooLong(steps: number): void {
  if (steps <= AGGREGATE_BOUNDS.similaritySteps) return;
  throw new AggregationError(
    'AGGREGATION_LIMIT',
    'merge',
    undefined,
    'too many texts are somewhat alike to compare them; raise similarity.atLeast, compare a shorter text, or merge less at once',
  );
}
