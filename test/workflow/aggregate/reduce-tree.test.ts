import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Combination, ReduceTree } from '../../../src/workflow/aggregate/reduce-tree.ts';

/** Brackets show the shape: `((0 1) (2 3))`. */
function shape(tree: ReduceTree<string>, ready: readonly Combination<string>[]): void {
  for (const one of ready) shape(tree, tree.done(one, `(${one.children.join(' ')})`));
}

function built(fanIn: number, count: number, order: readonly number[], gaps: readonly number[] = []): string {
  const tree = new ReduceTree<string>(fanIn);
  for (const leaf of order) {
    shape(
      tree,
      leaf === count ? tree.end(count) : gaps.includes(leaf) ? tree.skip(leaf) : tree.put(leaf, `${leaf}`),
    );
  }
  expect(tree.waiting).toBe(0);
  expect(tree.gaps).toBe(gaps.length);
  return tree.root!.hasValue ? tree.root!.value : 'nothing';
}
const upTo = (count: number) => Array.from({ length: count + 1 }, (_, leaf) => leaf);

describe('the shape of a tree', () => {
  test.each([
    [2, 0, [], 'nothing'],
    [2, 1, [], '0'],
    [2, 2, [], '(0 1)'],
    [2, 3, [], '((0 1) 2)'],
    [2, 5, [], '(((0 1) (2 3)) 4)'],
    [3, 8, [], '((0 1 2) (3 4 5) (6 7))'],
    [3, 4, [], '((0 1 2) 3)'],
    [2, 4, [1], '(0 (2 3))'],
    [2, 4, [0, 1], '(2 3)'],
    [2, 3, [0, 1, 2], 'nothing'],
  ])('of fan-in %i with %i leaves, without leaves %j, is %s', (fanIn, count, gaps, expected) => {
    expect(built(fanIn, count, upTo(count), gaps)).toBe(expected);
  });

  test('depends on the number of leaves and the gaps alone', () => {
    const tree = fc.integer({ min: 0, max: 40 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        fanIn: fc.integer({ min: 2, max: 5 }),
        order: fc.shuffledSubarray(upTo(count), { minLength: count + 1 }),
        gaps: fc.subarray(upTo(count).slice(0, count)),
      }),
    );
    fc.assert(
      fc.property(tree, ({ count, fanIn, order, gaps }) => {
        expect(built(fanIn, count, order, gaps)).toBe(built(fanIn, count, upTo(count), gaps));
      }),
    );
  });
});

test('leaves are combined as soon as they can be, before their number is known', () => {
  const tree = new ReduceTree<string>(2);
  expect(tree.put(1, 'b')).toEqual([]);
  const [first] = tree.put(0, 'a');
  expect(first).toEqual({ level: 1, position: 0, children: ['a', 'b'] });
  expect(tree.done(first!, 'ab')).toEqual([]);
  expect(tree.root).toBe(undefined);
  expect(tree.end(2)).toEqual([]);
  expect(tree.root).toEqual({ hasValue: true, value: 'ab' });
});

test('what waits is as much as the window of leaves under way, and a little for each level', () => {
  const [fanIn, window, count] = [4, 32, 20_000];
  const tree = new ReduceTree<string>(fanIn);
  let most = 0;
  // Within each window, the first comes last.
  for (let from = 0; from < count; from += window) {
    for (let leaf = from + window - 1; leaf >= from; leaf -= 1) {
      const take = (ready: readonly Combination<string>[]): void => {
        for (const one of ready) take(tree.done(one, ''));
      };
      take(tree.put(leaf, ''));
      most = Math.max(most, tree.waiting);
    }
  }
  expect(most).toBeLessThanOrEqual(window + fanIn * Math.ceil(Math.log(count) / Math.log(fanIn)));
});

test('a leaf that comes twice, or that there is not, is a mistake', () => {
  const tree = new ReduceTree<string>(2);
  tree.put(0, 'a');
  expect(() => tree.put(0, 'a')).toThrow('leaf 0 has arrived twice');
  tree.put(1, 'b');
  tree.end(3);
  expect(() => tree.put(3, 'd')).toThrow('there is no leaf 3');
  tree.put(2, 'c');
  expect(() => tree.skip(1)).toThrow('leaf 1 has arrived twice');
  expect(() => tree.end(3)).toThrow('end() was called twice');
});
