import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ItemValues } from '../../src/workflow/item-values.ts';

test('values of items are those of a Map, whichever way they come; gone through, they are in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(60), fc.option(fc.nat(), { nil: undefined }), fc.boolean())),
      (pairs) => {
        const values = new ItemValues();
        const map = new Map<number, unknown>();
        for (const [item, value, isGone] of pairs) {
          if (isGone) {
            expect(values.delete(item)).toBe(map.delete(item));
          } else {
            values.set(item, value);
            map.set(item, value);
          }
        }
        const expected = [...map].sort(([a], [b]) => a - b);
        expect(values.size).toBe(map.size);
        expect([...values]).toEqual(expected);
        expect([...values.keys()]).toEqual(expected.map(([item]) => item));
        expect([...values.values()]).toEqual(expected.map(([, value]) => value));
        for (let item = 0; item <= 61; item++) {
          expect(values.has(item)).toBe(map.has(item));
          expect(values.get(item)).toBe(map.get(item));
        }
      },
    ),
  );
});
