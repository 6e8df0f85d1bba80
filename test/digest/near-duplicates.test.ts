import { expect, test } from 'vitest';
import { fingerprint } from '../../src/digest/fingerprint.ts';
import { NearDuplicates } from '../../src/digest/near-duplicates.ts';

const text = (topic: string, changed = '') =>
  `${Array.from({ length: 120 }, (_, i) => `${topic}${i}`).join(' ')} ${changed}`;

function groupsOf(texts: readonly string[]): number[] {
  const duplicates = new NearDuplicates();
  for (const each of texts) duplicates.add(fingerprint(each));
  return texts.map((_, i) => duplicates.groupOf(i));
}

test('near-duplicates share a group, which is named by its first text', () => {
  expect(groupsOf([text('a'), text('b'), text('a', 'changed end'), text('b'), text('c')])).toEqual([
    0, 1, 0, 1, 4,
  ]);
});

test('texts without words are alone', () => {
  expect(groupsOf(['---', '***', ''])).toEqual([0, 1, 2]);
});

test('similarity is passed on: two texts that a third one links are one group', () => {
  const start = Array.from({ length: 100 }, (_, i) => `w${i}`);
  const shifted = (by: number) =>
    [...start.slice(by), ...Array.from({ length: by }, (_, i) => `new${i}`)].join(' ');
  // Each is within the threshold of the one before, the last is not within that of the first.
  const groups = groupsOf([0, 6, 12, 18, 24].map(shifted));
  expect(new Set(groups)).toEqual(new Set([0]));
});

test('many copies cost no more buckets than one', () => {
  const duplicates = new NearDuplicates();
  const print = fingerprint(text('a'));
  for (let i = 0; i < 5_000; i += 1) duplicates.add(print);
  expect(duplicates.groupOf(4_999)).toBe(0);
});

test('a text can be looked up without being added', () => {
  const duplicates = new NearDuplicates();
  duplicates.add(fingerprint(text('a')));
  expect(duplicates.find(fingerprint(text('a', 'more')))).toBe(0);
  expect(duplicates.find(fingerprint(text('b')))).toBeUndefined();
  expect(duplicates.find(fingerprint(''))).toBeUndefined();
  expect(duplicates.size).toBe(1);
});
