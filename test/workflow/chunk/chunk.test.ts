import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/contract/errors.ts';
import { type ChunkText, chunk } from '../../../src/workflow/chunk/chunk.ts';
import { estimateTokens } from '../../../src/workflow/chunk/token-estimate.ts';

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Text of characters of one to four bytes, and its bytes in pieces that are cut anywhere. */
const text = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '\n', ' ', '\r\n'), maxLength: 200 });
const pieces = text.chain((whole) => {
  const bytes = Buffer.from(whole);
  return fc.array(fc.nat(bytes.length), { maxLength: 6 }).map((cuts) => {
    const borders = [0, ...cuts.sort((a, b) => a - b), bytes.length];
    return { whole, pieces: borders.slice(1).map((end, i) => bytes.subarray(borders[i], end)) };
  });
});

async function* later<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const bytesOf = (part: string) => Buffer.byteLength(part);
const linesOf = (part: string) => part.split('\n').length - (part.endsWith('\n') ? 1 : 0);
const words = (part: string) => part.split(' ').length;

/** What each way of cutting keeps to. */
const WAYS: Readonly<
  Record<string, (most: number) => { options: ChunkText; size: (part: string) => number }>
> = {
  bytes: (bytes) => ({ options: { by: 'bytes', bytes }, size: bytesOf }),
  lines: (lines) => ({ options: { by: 'lines', lines }, size: linesOf }),
  'lines that are cut': (lines) => ({ options: { by: 'lines', lines, maxLineBytes: 5 }, size: linesOf }),
  tokens: (tokens) => ({ options: { by: 'tokens', tokens }, size: estimateTokens }),
  'tokens of lines that are cut': (tokens) => ({
    options: { by: 'tokens', tokens, maxLineBytes: 7 },
    size: estimateTokens,
  }),
  'words as tokens': (tokens) => ({ options: { by: 'tokens', tokens, estimate: words }, size: words }),
};

describe.each(Object.entries(WAYS))('text by %s', (_, way) => {
  const most = fc.integer({ min: 4, max: 30 });

  test('is cut into chunks within the bound that, put together, are the text', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, most, fc.boolean(), async (source, bound, isAsync) => {
        const { options, size } = way(bound);
        const chunks = await all(chunk(isAsync ? later(source.pieces) : source.pieces, options));
        expect(chunks.join('')).toBe(source.whole);
        for (const part of chunks) {
          expect(part).not.toBe('');
          expect(part).not.toMatch(/\p{Surrogate}/u);
          expect(size(part)).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('does not depend on the pieces that it comes in', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, most, async (source, bound) => {
        const { options } = way(bound);
        const whole = await all(chunk(source.whole, options));
        expect(await all(chunk(source.pieces, options))).toEqual(whole);
        expect(await all(chunk([...source.whole], options))).toEqual(whole);
        // A string may even be cut inside of a character.
        expect(await all(chunk(source.whole.split(''), options))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test('is nothing if there is no text', async () => {
    const { options } = way(10);
    for (const source of ['', [], [''], later<string>([])])
      expect(await all(chunk(source, options))).toEqual([]);
  });
});

test('text is cut at line ends where there are any, and a longer line between characters', async () => {
  const cut = (source: string) => all(chunk(source, { by: 'bytes', bytes: 10 }));
  expect(await cut('one\ntwo\nthree\nfour')).toEqual(['one\ntwo\n', 'three\nfour']);
  expect(await cut(`ab\n${'é'.repeat(12)}\nc\n`)).toEqual(['ab\n', 'ééééé', 'ééééé', 'éé\nc\n']);
});

test('lines keep their ends', async () => {
  expect(await all(chunk('a\r\nb\n\nc', { by: 'lines', lines: 2 }))).toEqual(['a\r\nb\n', '\nc']);
});

test('a line of too many tokens is cut after a blank, or between characters', async () => {
  const tokens = (part: string) => part.length;
  expect(await all(chunk('one two three\n', { by: 'tokens', tokens: 8, estimate: tokens }))).toEqual([
    'one two ',
    'three\n',
  ]);
  expect(await all(chunk('aaaaaaaaaaaa', { by: 'tokens', tokens: 5, estimate: tokens }))).toEqual([
    'aaaaa',
    'aaaaa',
    'aa',
  ]);
  expect(await all(chunk('😀😀', { by: 'tokens', tokens: 1, estimate: tokens }))).toEqual(['😀', '😀']);
});

test('tokens are estimated as one for each four bytes', () => {
  expect(['', 'a', 'four', 'fives', '漢字漢字'].map(estimateTokens)).toEqual([0, 1, 1, 2, 3]);
});

test('a byte order mark of a stream is dropped, and bytes that are no UTF-8 are replaced', async () => {
  const bytes = [Buffer.from('\ufeffa'), Buffer.from([0xff, 0x62])];
  expect(await all(chunk(bytes, { by: 'bytes', bytes: 100 }))).toEqual(['a\ufffdb']);
});

test('no more of a huge line is held than is needed', async () => {
  let given = 0;
  function* endless(): Generator<string> {
    for (;;) {
      given += 1;
      yield 'x'.repeat(100);
    }
  }
  for await (const part of chunk(endless(), { by: 'bytes', bytes: 1_000 })) {
    expect(part).toBe('x'.repeat(1_000));
    if (given > 100) break;
    expect(given).toBeLessThan(115);
  }
});

describe('items by count', () => {
  test('are given in arrays of so many', async () => {
    expect(await all(chunk([1, 2, 3, 4, 5], { by: 'count', items: 2 }))).toEqual([[1, 2], [3, 4], [5]]);
    expect(await all(chunk(later([1, 2]), { by: 'count', items: 2 }))).toEqual([[1, 2]]);
    expect(await all(chunk([], { by: 'count', items: 2 }))).toEqual([]);
  });

  test('are taken as they are asked for, and the source is closed by who leaves', async () => {
    const seen: number[] = [];
    let closed = false;
    function* source(): Generator<number> {
      try {
        for (let i = 0; ; i += 1) {
          seen.push(i);
          yield i;
        }
      } finally {
        closed = true;
      }
    }
    for await (const part of chunk(source(), { by: 'count', items: 3 })) {
      expect(part).toEqual([0, 1, 2]);
      break;
    }
    expect(seen).toEqual([0, 1, 2]);
    expect(closed).toBe(true);
  });
});

describe('items by key', () => {
  const keyOf = (word: string) => word[0];
  const group = (items: readonly string[], bounds: { maxOpen?: number; maxItems?: number }) =>
    all(chunk(items, { by: 'key', keyOf, ...bounds }));

  test('are groups of consecutive ones', async () => {
    expect(await group(['a1', 'a2', 'b1', 'a3'], {})).toEqual([
      { key: 'a', items: ['a1', 'a2'] },
      { key: 'b', items: ['b1'] },
      { key: 'a', items: ['a3'] },
    ]);
  });

  test('are groups of any that come while the group is open; the one that waited longest is given first', async () => {
    expect(await group(['a1', 'b1', 'a2', 'c1', 'b2'], { maxOpen: 2 })).toEqual([
      { key: 'b', items: ['b1'] },
      { key: 'a', items: ['a1', 'a2'] },
      { key: 'c', items: ['c1'] },
      { key: 'b', items: ['b2'] },
    ]);
  });

  test('are given when the group is full', async () => {
    expect(await group(['a1', 'a2', 'a3'], { maxItems: 2 })).toEqual([
      { key: 'a', items: ['a1', 'a2'] },
      { key: 'a', items: ['a3'] },
    ]);
  });

  test('are each in one group, of their own key, in their order and within the bounds', async () => {
    const items = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(99)), { maxLength: 60 });
    const bounds = fc.record({
      maxOpen: fc.integer({ min: 1, max: 5 }),
      maxItems: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(items, bounds, async (pairs, { maxOpen, maxItems }) => {
        const source = pairs.map(([key, n], index) => ({ key, n, index }));
        const groups = await all(chunk(source, { by: 'key', keyOf: ({ key }) => key, maxOpen, maxItems }));
        for (const key of ['a', 'b', 'c', 'd']) {
          const given = groups.filter((one) => one.key === key).flatMap((one) => one.items);
          expect(given).toEqual(source.filter((item) => item.key === key));
        }
        expect(groups.every((one) => one.items.length > 0 && one.items.length <= maxItems)).toBe(true);
      }),
    );
  });
});

describe('what cannot be cut is refused', () => {
  test.each<[() => unknown, string]>([
    [
      () => chunk([], { by: 'count', items: 0 }),
      'chunk.items: expected a whole number from 1 to 100000000, got 0',
    ],
    [
      () => chunk('', { by: 'bytes', bytes: 3 }),
      'chunk.bytes: expected a whole number from 4 to 268435456, got 3',
    ],
    [() => chunk('', { by: 'line' } as never), "expected { by: 'count' }, { by: 'bytes' }"],
    [() => chunk([], { by: 'key' } as never), 'chunk.keyOf: expected'],
    [() => chunk([], { by: 'count', item: 1 } as never), 'chunk.item'],
    [
      () => chunk(5 as never, { by: 'count', items: 1 }),
      'chunk.source: expected something to iterate over, got 5',
    ],
  ])('%s', (make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  test('items that are no text are an error once they come', async () => {
    await expect(all(chunk(['a\n', 5] as never, { by: 'bytes', bytes: 9 }))).rejects.toMatchObject({
      code: 'CHUNK_SOURCE_UNUSABLE',
      message: "expected pieces of text, as strings or Buffers, got 5; cut other items by 'count' or 'key'",
    });
  });
});
