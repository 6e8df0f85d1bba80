import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { merge } from '../../../src/workflow/aggregate/aggregations.ts';
import type { MergeOptions } from '../../../src/workflow/aggregate/merge.ts';
import { aggregateParts } from '../../../src/workflow/aggregate/part.ts';
import { dissimilar } from '../../../src/workflow/aggregate/similar-texts.ts';
import { SeededRandom } from '../../fixtures/seeded-random.ts';

interface Hit {
  readonly id?: string | number;
  readonly score?: number | string | Date | null;
  readonly text?: string;
}

function merged(values: readonly (Hit | readonly Hit[])[], options: MergeOptions<Hit>): Hit[] {
  const aggregation = merge(options);
  return aggregation.finish(aggregateParts(aggregation, [{ from: 0, values }]));
}

test('arrays and single items become one list, in the order of their indexes', () => {
  expect(merged([[{ id: 1 }, { id: 2 }], { id: 3 }, []], {})).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

describe('duplicates by key', () => {
  test('leave the first one', () => {
    const hits = [{ id: 'a', score: 1 }, [{ id: 'b' }, { id: 'a', score: 2 }]];
    expect(merged(hits, { by: 'id' })).toEqual([{ id: 'a', score: 1 }, { id: 'b' }]);
  });

  test('leave the one that stands first in the result', () => {
    const hits = [{ id: 'a', score: 1 }, [{ id: 'b' }, { id: 'a', score: 2 }]];
    expect(merged(hits, { by: 'id', sort: { by: 'score' } })).toEqual([{ id: 'a', score: 2 }, { id: 'b' }]);
  });

  test('are none where there is no key, and a number is not the text of it', () => {
    const hits = [{ id: 1 }, { id: '1' }, {}, {}];
    expect(merged(hits, { by: 'id' })).toEqual(hits);
  });
});

describe('sorted', () => {
  const ids = (options: MergeOptions<Hit>, ...scores: Hit['score'][]) =>
    merged(
      scores.map((score, id) => (score === undefined ? { id } : { id, score })),
      options,
    ).map(({ id }) => id);

  test('the highest come first, and equal ones by index', () => {
    expect(ids({ sort: { by: 'score' } }, 1, 3, 2, 3)).toEqual([1, 3, 2, 0]);
  });

  test('the lowest come first if asked for, and what cannot be sorted is last in either order', () => {
    expect(ids({ sort: { by: 'score', order: 'asc' } }, null, 3, undefined, 2, Number.NaN)).toEqual([
      3, 1, 0, 2, 4,
    ]);
    expect(ids({ sort: { by: 'score', order: 'desc' } }, null, 3, undefined, 2, Number.NaN)).toEqual([
      1, 3, 0, 2, 4,
    ]);
  });

  test('dates are sorted by time, texts by their characters, numbers before texts', () => {
    const [older, newer] = [new Date('2026-01-01'), new Date('2026-01-02')];
    expect(ids({ sort: { by: 'score' } }, older, newer)).toEqual([1, 0]);
    expect(ids({ sort: { by: 'score', order: 'asc' } }, 'b', 'a', 5)).toEqual([2, 1, 0]);
  });

  test('only the first few stay, and as few are kept on the way', () => {
    const aggregation = merge<Hit>({ sort: { by: 'score' }, limit: 3 });
    let state = aggregation.init();
    for (let i = 0; i < 1_000; i += 1) {
      state = aggregation.add(state, { id: i, score: (i * 7_919) % 1_000 }, i);
      expect(state.keyless.length).toBeLessThan(6);
    }
    expect(aggregation.finish(state).map(({ score }) => score)).toEqual([999, 998, 997]);
  });
});

describe('duplicates by similarity', () => {
  const options = (atLeast: number): MergeOptions<Hit> => ({ similarity: { of: 'text', atLeast } });

  test('are told by the words, not by case, punctuation or order', () => {
    const hits = [
      { text: 'The tide rises at noon.' },
      { text: 'at noon, THE TIDE RISES' },
      { text: 'A storm' },
    ];
    expect(merged(hits, options(1))).toEqual([hits[0], hits[2]]);
  });

  test('may differ a little', () => {
    const hits = [{ text: 'storm warning for the harbor' }, { text: 'storm warning for this harbor' }];
    // Four words in both, of six.
    expect(merged(hits, options(2 / 3))).toEqual([hits[0]]);
    expect(merged(hits, options(0.67))).toEqual(hits);
  });

  test('leave the one that stands first in the result', () => {
    const hits = [
      { text: 'high tide', score: 1 },
      { text: 'High tide!', score: 2 },
    ];
    expect(merged(hits, { ...options(0.9), sort: { by: 'score' } })).toEqual([hits[1]]);
  });

  test('are none among texts without words', () => {
    const hits = [{ text: '---' }, { text: '---' }, { text: '' }];
    expect(merged(hits, options(0.5))).toEqual(hits);
  });

  test('are those that a comparison of all with all finds', () => {
    const word = fc.constantFrom('a', 'an', 'ant', 'tide', 'Tide', 'harbor', 'é', '漢字', '字');
    const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
    const atLeast = fc.constantFrom(0.05, 0.3, 0.5, 2 / 3, 0.8, 1);
    fc.assert(
      fc.property(fc.array(text, { maxLength: 30 }), atLeast, (texts, threshold) => {
        expect(dissimilar(texts, (each) => each, threshold)).toEqual(allWithAll(texts, threshold));
      }),
      { numRuns: 300 },
    );
  });

  test('are told by characters where there are no blanks between words', () => {
    const hits = [{ text: '潮は正午に満ちる' }, { text: '潮は正午に満ちた' }];
    expect(merged(hits, options(0.7))).toEqual([hits[0]]);
  });

  const random = new SeededRandom(1);
  const wordsOf = (count: number, different: number) =>
    Array.from({ length: count }, () => `w${Math.floor(random.next() * random.next() * different)}`).join(
      ' ',
    );

  test('of 10,000 texts are found in a hundredth of the steps that comparing all with all takes', () => {
    const texts = Array.from({ length: 5_000 }, () => wordsOf(12, 3_000));
    const all = [...texts, ...texts.map((each) => each.split(' ').reverse().join(' '))];
    const steps = (all.length * all.length * 12) / 100;
    expect(dissimilar(all, (each) => each, 0.8, steps)).toEqual(dissimilar(texts, (each) => each, 0.8));
  });

  test('are not looked for where it would take too long', () => {
    const texts = Array.from({ length: 500 }, () => wordsOf(40, 100));
    expect(() => dissimilar(texts, (each) => each, 0.5, 1_000_000)).toThrow(
      /too many texts are somewhat alike.*raise similarity/,
    );
  });
});

function wordSet(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/\p{sc=Han}|[a-zé]+/gu) ?? []);
}

function allWithAll(texts: readonly string[], atLeast: number): string[] {
  const kept: { readonly text: string; readonly set: Set<string> }[] = [];
  for (const text of texts) {
    const set = wordSet(text);
    const isSimilar = kept.some((other) => {
      const shared = [...set].filter((one) => other.set.has(one)).length;
      const all = set.size + other.set.size - shared;
      return all > 0 && shared >= atLeast * all - 1e-9;
    });
    if (!isSimilar) kept.push({ text, set });
  }
  return kept.map(({ text }) => text);
}
