import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexSet } from '../../src/workflow/index-set.ts';

test('a set of items is a Set, whichever way they come and go, and knows below which all are there', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(120), fc.boolean())), fc.nat(40), (steps, first) => {
      const set = new IndexSet(first);
      const plain = new Set(Array.from({ length: first }, (_, index) => index));
      for (const [index, isGone] of steps) {
        if (isGone) {
          set.delete(index);
          plain.delete(index);
        } else {
          set.add(index);
          plain.add(index);
        }
        let below = 0;
        while (plain.has(below)) below++;
        const above = [...plain].filter((one) => one > below).sort((a, b) => a - b);
        expect([set.size, set.below, set.above]).toEqual([plain.size, below, above]);
        expect(set.has(index)).toBe(plain.has(index));
        expect(new IndexSet(set.below, set.above)).toEqual(set);
      }
    }),
  );
});

test('a set of items holds as many as there are', () => {
  const set = new IndexSet();
  for (let index = 99_999; index >= 0; index--) set.add(index);
  expect([set.size, set.below, set.has(99_999), set.has(100_000)]).toEqual([100_000, 100_000, true, false]);
});
