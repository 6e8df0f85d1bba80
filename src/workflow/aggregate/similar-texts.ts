import { AggregationError } from './aggregation-error.ts';
import { AGGREGATE_BOUNDS } from './defaults.ts';

/**
 * Leaves out every entry that is similar to one before it that stays. The similarity of two texts is the share of their
 * different words that both have (Jaccard), in lower case. Texts without words are similar to nothing.
 *
 * Exact, and still far from comparing all with all. Two sets can only have a share of t in common if they share one of
 * their first n - ceil(t n) + 1 members, in any order that is the same for all; in that of the rarest first, few do. Where
 * they first meet says how much they can have in common at best.
 * Sources: S. Chaudhuri and others, "A Primitive Operator for Similarity Joins in Data Cleaning", 2006 (prefixes);
 * C. Xiao and others, "Efficient Similarity Joins for Near Duplicate Detection", 2008 (places).
 * @throws AggregationError if texts are so many and so alike that it would take too long
 */
export function dissimilar<E>(
  entries: readonly E[],
  textOf: (entry: E) => string,
  atLeast: number,
  mostSteps: number = AGGREGATE_BOUNDS.similaritySteps,
): E[] {
  const kept = new KeptTexts(rarestFirst(entries.map(textOf)), atLeast, mostSteps);
  return entries.filter((_, text) => {
    if (kept.hasSimilar(text)) return false;
    kept.add(text);
    return true;
  });
}

/** Texts that a word is among the first members of, and its place there; one behind the other. */
type Postings = number[];

/** The texts that stay, by the first members of their sets. */
class KeptTexts {
  readonly #sets: readonly Uint32Array[];
  readonly #atLeast: number;
  readonly #postings = new Map<number, Postings>();
  /** The last text that each was looked at for, plus 1. */
  readonly #lookedAtFor: Uint32Array;
  #stepsLeft: number;

  constructor(sets: readonly Uint32Array[], atLeast: number, mostSteps: number) {
    this.#stepsLeft = mostSteps;
    this.#sets = sets;
    this.#atLeast = atLeast;
    this.#lookedAtFor = new Uint32Array(sets.length);
  }

  add(text: number): void {
    const set = this.#sets[text]!;
    for (let place = 0; place < this.#prefixOf(set); place += 1) {
      const postings = this.#postings.get(set[place]!);
      if (postings === undefined) this.#postings.set(set[place]!, [text, place]);
      else postings.push(text, place);
    }
  }

  hasSimilar(text: number): boolean {
    const set = this.#sets[text]!;
    for (let place = 0; place < this.#prefixOf(set); place += 1) {
      const postings = this.#postings.get(set[place]!);
      if (postings !== undefined && this.#isSimilarToOne(text, place, postings)) return true;
    }
    return false;
  }

  #isSimilarToOne(text: number, place: number, postings: Postings): boolean {
    this.#work(postings.length / 2);
    const sets = this.#sets;
    const lookedAtFor = this.#lookedAtFor;
    const set = sets[text]!;
    for (let at = 0; at < postings.length; at += 2) {
      const candidate = postings[at]!;
      if (lookedAtFor[candidate] === text + 1) continue;
      lookedAtFor[candidate] = text + 1;
      const other = sets[candidate]!;
      const needed = neededOf(set.length + other.length, this.#atLeast);
      // Where they first meet, nothing before is in both.
      if (Math.min(set.length - place, other.length - postings[at + 1]!) < needed) continue;
      this.#work(set.length + other.length);
      if (haveInCommon(set, other, needed)) return true;
    }
    return false;
  }

  #prefixOf({ length }: Uint32Array): number {
    return length === 0 ? 0 : length - Math.ceil(this.#atLeast * length - ROUNDING) + 1;
  }

  #work(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft >= 0) return;
    throw new AggregationError(
      'AGGREGATION_LIMIT',
      'merge',
      undefined,
      'too many texts are somewhat alike to compare them; raise similarity.atLeast, compare a shorter text, or merge less at once',
    );
  }
}

/** What products of a share and a number may be off by. */
const ROUNDING = 1e-9;

/** How many members two sets have to have in common to be similar: n / (both - n) is to be the share. */
function neededOf(bothSizes: number, atLeast: number): number {
  return Math.ceil((atLeast * bothSizes) / (1 + atLeast) - ROUNDING);
}

/** Whether two sets in the same order have so many members in common. */
function haveInCommon(a: Uint32Array, b: Uint32Array, needed: number): boolean {
  let missing = needed;
  let i = 0;
  let j = 0;
  while (missing > 0 && a.length - i >= missing && b.length - j >= missing) {
    const difference = a[i]! - b[j]!;
    if (difference === 0) missing -= 1;
    if (difference <= 0) i += 1;
    if (difference >= 0) j += 1;
  }
  return missing <= 0;
}

/** Each text as the numbers of its different words, sorted; the rarest word has the lowest number. */
function rarestFirst(texts: readonly string[]): Uint32Array[] {
  /** By word, in the order in which they are seen first. */
  const ids = new Map<string, number>();
  const counts: number[] = [];
  const sets = texts.map((text) => {
    const set = new Set<number>();
    for (const word of text.toLowerCase().match(wordPattern()) ?? []) {
      const id = ids.get(word) ?? ids.size;
      ids.set(word, id);
      set.add(id);
    }
    for (const id of set) counts[id] = (counts[id] ?? 0) + 1;
    return Uint32Array.from(set);
  });
  const byCount = [...counts.keys()].sort((a, b) => counts[a]! - counts[b]! || a - b);
  const numbers = new Uint32Array(byCount.length);
  for (const [number, id] of byCount.entries()) numbers[id] = number;
  return sets.map((set) => set.map((id) => numbers[id]!).sort());
}

/** Runs of letters, digits and underscores; of scripts that put no blanks between words, each character. */
const UNSPACED =
  '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]';
let word: RegExp | undefined;

/** Made on first use: it takes milliseconds, which all would pay who import us. */
function wordPattern(): RegExp {
  word ??= new RegExp(`${UNSPACED}|(?:(?!${UNSPACED})[\\p{L}\\p{M}\\p{N}_])+`, 'gu');
  return word;
}
