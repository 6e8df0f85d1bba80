import { tokensOf } from './tokens.ts';

/** Words in a shingle: enough that a common phrase does not make two texts alike. */
const SHINGLE_WORDS = 4;
/** Values in a signature. The error of the similarity it estimates is about 1 / sqrt(64) at worst. */
export const SIGNATURE_VALUES = 64;
/**
 * Bands of a signature, four values each. Two texts of similarity s share a band with probability
 * 1 - (1 - s^4)^16: 0.9998 at s = 0.8, 0.63 at 0.5, 0.03 at 0.2.
 */
export const BANDS = 16;
const BAND_VALUES = SIGNATURE_VALUES / BANDS;

/** A MinHash fingerprint: texts that share many runs of words have fingerprints that share many values. */
export interface Fingerprint {
  /** Runs of words that went in; 0 for a text without words, which is similar to nothing. */
  readonly shingles: number;
  /** 64 values of 32 bits. */
  readonly signature: Uint32Array;
  /** 16 hashes of 32 bits, one a band of the signature. */
  readonly bands: Uint32Array;
}

/** One seed a value of the signature, from the golden-ratio sequence. */
const SEEDS = Uint32Array.from({ length: SIGNATURE_VALUES }, (_, i) => mix(Math.imul(i + 1, 0x9e3779b9)));

/**
 * Fingerprints a text. 32-bit integer arithmetic only, so the same on every machine and thread.
 * Source: MinHash, A. Broder, "On the resemblance and containment of documents", 1997.
 */
export function fingerprint(text: string): Fingerprint {
  const words = tokensOf(text);
  const hashes = Uint32Array.from(words, hashWord);
  const shingles = words.length === 0 ? 0 : Math.max(1, words.length - SHINGLE_WORDS + 1);
  const signature = new Uint32Array(SIGNATURE_VALUES).fill(0xffffffff);
  for (let start = 0; start < shingles; start += 1) {
    absorb(signature, hashShingle(hashes, start));
  }
  return { shingles, signature, bands: bandsOf(signature) };
}

/** The share of equal values: an estimate of how many shingles two texts share (Jaccard), 0 to 1. */
export function similarity(a: Uint32Array, b: Uint32Array): number {
  let equal = 0;
  for (let i = 0; i < SIGNATURE_VALUES; i += 1) if (a[i] === b[i]) equal += 1;
  return equal / SIGNATURE_VALUES;
}

/** Each value of the signature keeps the smallest of its own hashes of all shingles. */
function absorb(signature: Uint32Array, shingle: number): void {
  for (let i = 0; i < SIGNATURE_VALUES; i += 1) {
    const hash = mix(shingle ^ SEEDS[i]!);
    if (hash < signature[i]!) signature[i] = hash;
  }
}

function hashShingle(hashes: Uint32Array, start: number): number {
  const end = Math.min(start + SHINGLE_WORDS, hashes.length);
  let hash = 0;
  for (let i = start; i < end; i += 1) hash = mix(Math.imul(hash, 31) ^ hashes[i]!);
  return hash;
}

function bandsOf(signature: Uint32Array): Uint32Array {
  return Uint32Array.from({ length: BANDS }, (_, band) => {
    let hash = band;
    for (let i = 0; i < BAND_VALUES; i += 1) {
      hash = mix(Math.imul(hash, 31) ^ signature[band * BAND_VALUES + i]!);
    }
    return hash;
  });
}

/** FNV-1a over UTF-16 code units. Source: Fowler, Noll and Vo; public domain. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i += 1) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Spreads every bit over all 32. Source: the finalizer of MurmurHash3, A. Appleby; public domain. */
function mix(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
