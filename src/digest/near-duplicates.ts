import { type Fingerprint, similarity } from './fingerprint.ts';

/** Texts at least this similar are near-duplicates. */
export const SAME_TEXT_SIMILARITY = 0.8;
/** Different texts that one bucket holds. Bounds the comparisons of a new text to 16 buckets of 8. */
const BUCKET_TEXTS = 8;

/**
 * Groups near-duplicates as fingerprints come in. Locality-sensitive hashing finds candidates (texts that share a
 * band), their signatures decide, union-find merges. Each text is compared with the first of its kind only, so a
 * million copies cost no more than ten. Depends on the order of the texts alone.
 */
export class NearDuplicates {
  readonly #signatures: Uint32Array[] = [];
  readonly #parents: number[] = [];
  /** Band hash to the texts that it was first seen in, for each band. */
  readonly #buckets = new Map<string, number[]>();

  /** How many texts have been added. */
  get size(): number {
    return this.#parents.length;
  }

  /** Adds a text; returns its number, counted from 0. */
  add(print: Fingerprint): number {
    const text = this.#parents.length;
    this.#parents.push(text);
    this.#signatures.push(print.signature);
    if (print.shingles === 0) return text;
    for (const [band, hash] of print.bands.entries()) {
      const key = bucketKey(band, hash);
      const bucket = this.#buckets.get(key);
      if (bucket === undefined) this.#buckets.set(key, [text]);
      else if (!this.#joins(text, bucket) && bucket.length < BUCKET_TEXTS) bucket.push(text);
    }
    return text;
  }

  /** A text that this one is a near-duplicate of, without adding it. */
  find(print: Fingerprint): number | undefined {
    if (print.shingles === 0) return undefined;
    for (const [band, hash] of print.bands.entries()) {
      for (const other of this.#buckets.get(bucketKey(band, hash)) ?? []) {
        if (similarity(print.signature, this.#signatures[other]!) >= SAME_TEXT_SIMILARITY) return other;
      }
    }
    return undefined;
  }

  /** The first text of the group that a text is in: the same for all of the group. */
  groupOf(text: number): number {
    let root = text;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    for (let at = text; at !== root; ) {
      const next = this.#parents[at]!;
      this.#parents[at] = root;
      at = next;
    }
    return root;
  }

  /** The estimated share of shingles that two texts have in common, 0 to 1. */
  similarity(a: number, b: number): number {
    return similarity(this.#signatures[a]!, this.#signatures[b]!);
  }

  /** Merges the text with every near-duplicate in the bucket; true if there was one. */
  #joins(text: number, bucket: readonly number[]): boolean {
    let joined = false;
    for (const other of bucket) {
      if (this.similarity(text, other) < SAME_TEXT_SIMILARITY) continue;
      this.#merge(text, other);
      joined = true;
    }
    return joined;
  }

  #merge(a: number, b: number): void {
    const first = this.groupOf(a);
    const second = this.groupOf(b);
    // The smaller number stays the root, so that a group is named by its first text whatever the order of merging.
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }
}

function bucketKey(band: number, hash: number): string {
  return `${band}:${hash}`;
}
