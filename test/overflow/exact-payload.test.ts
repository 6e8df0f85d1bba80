import { deserialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePayload, encodePayload } from '../../src/overflow/exact-payload.ts';

class Point {
  readonly x = 1;
}
const cycle: { self?: unknown } = {};
cycle.self = cycle;
const bytes = new Uint8Array([1, 2, 3, 4]);

describe('a payload', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['minus zero', -0],
    ['not a number', Number.NaN],
    ['a bigint', 12n ** 30n],
    ['text', 'ein Fluß, \u{1f30a}, \ud800'],
    ['an object', { a: undefined, b: [1, { c: null }], ...JSON.parse('{"__proto__":1}') }],
    ['a hole', Object.assign(new Array(3), [1])],
    ['a hole at the end', new Array(2)],
    ['an array with a name and a hole', Object.assign([1], { length: 2, index: 5 })],
    ['an array with a name', Object.assign([1], { index: 5 })],
    ['a date', new Date(5)],
    ['an invalid date', new Date(Number.NaN)],
    ['a pattern', /a(b)/gi],
    ['a map', new Map<unknown, unknown>([[{ a: 1 }, new Set([1n])]])],
    ['bytes', bytes],
    ['part of a buffer', new Uint16Array(new ArrayBuffer(16), 4, 2).fill(7)],
    ['floats', new Float64Array([0.1, Number.NaN])],
    ['a Buffer', Buffer.from('abc')],
    ['two Buffers of one pool', [Buffer.from('abc'), Buffer.from('def')]],
    ['a buffer', new Uint8Array([1, 2]).buffer],
    ['the same object twice', [cycle, cycle]],
  ])('comes back as it was: %s', (_name, value) => {
    const back = decodePayload(encodePayload(value)!);
    expect(back).toStrictEqual(value);
    if (ArrayBuffer.isView(value)) expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(value));
  });

  it('keeps cycles, and what is the same stays the same', () => {
    const [a, b] = decodePayload(encodePayload([cycle, cycle])!) as [typeof cycle, typeof cycle];
    expect(a).toBe(b);
    expect(a.self).toBe(a);
  });

  it('has views with memory of their own, and nothing else in it', () => {
    const back = decodePayload(encodePayload({ text: 'secret', bytes })!) as { bytes: Uint8Array };
    expect([back.bytes.byteOffset, back.bytes.buffer.byteLength]).toEqual([0, 4]);
  });

  it('may be as deep as the serializer goes, and says so beyond', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => encodePayload(deep)).toThrow(RangeError);
  });

  it.each<[string, unknown]>([
    ['an instance', new Point()],
    ['an instance deep inside', { a: [new Map([[1, new Point()]])] }],
    ['an instance as a key', new Map([[new Point(), 1]])],
    ['an instance beside the items', Object.assign([1], { at: new Point() })],
    ['an error', new Error('a')],
    ['a function', { a: () => 1 }],
    ['a symbol', Symbol('a')],
    ['a symbol as key', { [Symbol('a')]: 1 }],
    ['a hidden property', Object.defineProperty({}, 'a', { value: 1 })],
    ['no prototype', Object.create(null)],
    ['a boxed number', Object(1)],
    ['a weak map', new WeakMap()],
    ['a promise', Promise.resolve()],
    ['shared memory', new SharedArrayBuffer(4)],
    ['a view of shared memory', new Uint8Array(new SharedArrayBuffer(4))],
    ['two views of one memory', [new Uint8Array(bytes.buffer), new Uint8Array(bytes.buffer)]],
    ['a map with a name', Object.assign(new Map(), { a: 1 })],
    ['a date with a name', Object.assign(new Date(), { a: 1 })],
    ['a pattern in the middle of a text', Object.assign(/a/g, { lastIndex: 2 })],
    ['a class of arrays', new (class extends Array {})()],
    ['a class of bytes', new (class extends Uint8Array {})(2)],
  ])('is not taken if it would come back changed: %s', (_name, value) => {
    expect(encodePayload(value)).toBe(undefined);
  });

  it('is in a format that later versions read', () => {
    expect(JSON.parse(String(encodePayload({ a: [1] })))).toEqual({ a: [1] });
    expect(deserialize(encodePayload({ a: [1n] })!)).toEqual({ a: [1n] });
  });

  it('comes back as it was, whatever it is made of', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(value, (made) => {
        expect(decodePayload(encodePayload(made)!)).toStrictEqual(made);
      }),
    );
  });
});
