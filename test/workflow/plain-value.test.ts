import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromPlain, toPlain } from '../../src/workflow/plain-value.ts';

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: false,
  withNullPrototype: false,
});

describe('a value as plain data', () => {
  test('survives JSON, whatever it is', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const back = fromPlain(JSON.parse(JSON.stringify(toPlain(value, 'the value'))));
        expect(back).toEqual(value);
      }),
      { examples: [[{ $is: 'undefined' }], [[{ $is: { $is: 1 }, of: undefined }]], [new Date(Number.NaN)]] },
    );
  });

  test('is the same object where JSON has a form for all of it', () => {
    const value = { a: [1, { b: 'c' }], d: null };
    expect(toPlain(value, 'the value')).toBe(value);
    expect(fromPlain(value)).toBe(value);
  });

  test('cannot be a function, a symbol or contain itself: the message says where', () => {
    const ring: Record<string, unknown> = { of: [] };
    (ring.of as unknown[]).push({ ring });
    expect(() => toPlain({ a: [0, () => 1] }, 'the output')).toThrow('the output.a[1] is a function');
    expect(() => toPlain(new Map([['a', Symbol('b')]]), 'the output')).toThrow('is a symbol');
    expect(() => toPlain(ring, 'the output')).toThrow(
      'the output.of[0].ring is an object that contains itself',
    );
  });
});
