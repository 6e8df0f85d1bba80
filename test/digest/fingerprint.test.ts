import { expect, test } from 'vitest';
import { BANDS, fingerprint, SIGNATURE_VALUES, similarity } from '../../src/digest/fingerprint.ts';

const words = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `w${i + from}`).join(' ');

test('a fingerprint is 64 values and 16 bands, always the same', () => {
  const print = fingerprint('the quick brown fox jumps over the lazy dog');
  expect(print.signature).toHaveLength(SIGNATURE_VALUES);
  expect(print.bands).toHaveLength(BANDS);
  expect(print.shingles).toBe(6);
  // Written down once: a change of the algorithm must be meant.
  expect([...print.signature.subarray(0, 3)]).toEqual([
    ...fingerprint('The QUICK brown-fox; jumps over the lazy dog').signature.subarray(0, 3),
  ]);
  expect(print.signature[0]).toMatchInlineSnapshot(`2271893264`);
});

test.each([
  [200, 0, 1],
  [200, 20, 0.8],
  [200, 66, 0.5],
  [200, 200, 0],
])('of %i words, shifted by %i, about %f of the runs are common', (count, shift, expected) => {
  const estimate = similarity(
    fingerprint(words(count)).signature,
    fingerprint(words(count, shift)).signature,
  );
  expect(Math.abs(estimate - expected)).toBeLessThan(0.15);
});

test('short texts have one run of words, and a text without words has none', () => {
  expect(fingerprint('two words').shingles).toBe(1);
  expect(similarity(fingerprint('two words').signature, fingerprint('two others').signature)).toBe(0);
  expect(fingerprint('---').shingles).toBe(0);
});
