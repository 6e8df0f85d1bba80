import { expect, test } from 'vitest';
import { fingerprint } from '../../src/digest/fingerprint.ts';
import { describeGroups, groupChunks } from '../../src/digest/groups.ts';
import { DIGEST_BOUNDS } from '../../src/digest/options.ts';
import { Reducer } from '../../src/digest/reducer.ts';
import { rankSummaries } from '../../src/digest/summaries.ts';
import { countTerms } from '../../src/digest/terms.ts';

const body = (topic: string) => Array.from({ length: 60 }, (_, i) => `${topic} ${topic}x${i}y`).join(' ');

function reduce(chunks: readonly { text: string; summary?: string }[], maxChunks = 1_000) {
  const reducer = new Reducer(maxChunks);
  for (const [i, { text, summary }] of chunks.entries()) {
    const place = { file: `f${i}.txt`, chunk: 0, line: 1, bytes: text.length };
    reducer.add(place, { terms: countTerms(text), print: fingerprint(text) }, summary);
  }
  const grouping = groupChunks(reducer);
  return { reducer, cpu: describeGroups(grouping, reducer), ...rankSummaries(grouping) };
}

test('the largest group comes first, with its members and its own terms', () => {
  const { cpu } = reduce([{ text: body('lone') }, { text: body('twin') }, { text: body('twin') }]);
  expect(cpu).toMatchObject({ groupCount: 2, duplicateGroupCount: 1, duplicateChunkCount: 1 });
  expect(cpu.groups.map((group) => [group.size, group.members.map(({ file }) => file)])).toEqual([
    [2, ['f1.txt', 'f2.txt']],
    [1, ['f0.txt']],
  ]);
  expect(cpu.groups[0]).toMatchObject({ similarity: 1, terms: [{ term: 'twin' }, ...Array(9).fill({})] });
});

test('a word that every group has weighs less than one that is its own', () => {
  const { cpu } = reduce(
    ['red', 'green', 'blue'].map((color) => ({ text: `shared `.repeat(30) + body(color) })),
  );
  for (const { terms } of cpu.groups) expect(terms[0]!.term).not.toBe('shared');
  expect(cpu.terms[0]).toEqual({ term: 'shared', count: 90, groups: 3 });
});

test('one summary a group is kept: the one that says most of its terms', () => {
  const { summaries, duplicatesRemoved } = reduce([
    { text: body('twin'), summary: 'nothing in particular' },
    { text: body('twin'), summary: 'it is about twin and twinx1y' },
  ]);
  expect(summaries.map(({ file, text, groupSize }) => [file, text, groupSize])).toEqual([
    ['f1.txt', 'it is about twin and twinx1y', 2],
  ]);
  expect(duplicatesRemoved).toBe(1);
});

test('summaries of different groups that say the same are shown once', () => {
  const { summaries, duplicatesRemoved } = reduce([
    { text: body('red'), summary: 'an empty page' },
    { text: body('blue'), summary: 'An empty page.' },
    { text: body('green') },
  ]);
  expect(summaries).toHaveLength(1);
  expect(duplicatesRemoved).toBe(1);
});

test('past the bound, chunks are counted for the group they repeat, else as beyond', () => {
  const { reducer, cpu } = reduce(
    [{ text: body('a') }, { text: body('b') }, { text: body('a') }, { text: body('a') }, { text: body('c') }],
    2,
  );
  expect(reducer.kept).toHaveLength(2);
  expect(reducer.beyond).toBe(1);
  expect(cpu.groups.map(({ size }) => size)).toEqual([3, 1]);
  expect(cpu.duplicateChunkCount).toBe(2);
});

test('lists and summaries are bounded', () => {
  const chunks = Array.from({ length: 130 }, (_, i) => ({
    text: body(`topic${i}q`),
    summary: `topic${i}q ${'long '.repeat(200)}`,
  }));
  const copies = Array.from({ length: 40 }, () => ({ text: body('copy') }));
  const { cpu, summaries } = reduce([...chunks, ...copies]);
  expect(cpu.groupCount).toBe(131);
  expect(cpu.groups).toHaveLength(DIGEST_BOUNDS.groupsListed);
  expect(cpu.groups[0]).toMatchObject({ size: 40 });
  expect(cpu.groups[0]!.members).toHaveLength(DIGEST_BOUNDS.membersListed);
  expect(cpu.terms.length).toBeLessThanOrEqual(DIGEST_BOUNDS.corpusTermsListed);
  expect(summaries.length).toBeLessThanOrEqual(DIGEST_BOUNDS.summariesListed);
  for (const { text } of summaries) expect(text.length).toBeLessThanOrEqual(DIGEST_BOUNDS.summaryChars);
});
