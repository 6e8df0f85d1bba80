import { expect, test } from 'vitest';
import { DIGEST_BOUNDS } from '../../src/digest/options.ts';
import { countTerms } from '../../src/digest/terms.ts';
import { tokensOf } from '../../src/digest/tokens.ts';

test('words are runs of letters, digits and underscores, in lower case', () => {
  expect(tokensOf("Don't log_level=3; Größe 漢字!")).toEqual(['don', 't', 'log_level', '3', 'größe', '漢字']);
});

test('the most frequent terms come first, equal ones in the order of code units', () => {
  expect(countTerms('queue thread queue lane thread queue').top).toEqual([
    ['queue', 3],
    ['thread', 2],
    ['lane', 1],
  ]);
  expect(countTerms('beta alpha').top).toEqual([
    ['alpha', 1],
    ['beta', 1],
  ]);
});

test('stop words, numbers, initials and blobs are words but no terms', () => {
  const counts = countTerms(`the 2024 ab ${'x'.repeat(50)} queue`);
  expect(counts).toEqual({ words: 5, distinct: 1, top: [['queue', 1]] });
});

test('names that objects inherit are counted like any other', () => {
  expect(countTerms('constructor __proto__ constructor').top).toEqual([
    ['constructor', 2],
    ['__proto__', 1],
  ]);
});

test('no more terms are kept than the bound says', () => {
  const text = Array.from({ length: 500 }, (_, i) => `term${String.fromCharCode(97 + (i % 26))}x${i}`).join(
    ' ',
  );
  const { top, distinct } = countTerms(text);
  expect(distinct).toBe(500);
  expect(top).toHaveLength(DIGEST_BOUNDS.termsPerChunk);
});

test('a text without words has no terms', () => {
  expect(countTerms(' \n--- !')).toEqual({ words: 0, distinct: 0, top: [] });
});
