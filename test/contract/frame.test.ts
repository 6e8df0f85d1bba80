import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/contract/frame.ts';
import { FrameReader } from '../../src/contract/frame-reader.ts';
import { FrameWriter } from '../../src/contract/frame-writer.ts';

const NO_MAILBOX = new Int32Array(0);

/** What the frame makes of a payload after a trip through the structured clone that carries frames. */
function throughFrame(value: unknown): { readonly flat: boolean; readonly value: unknown } {
  const writer = new FrameWriter();
  if (!writer.append(value)) return { flat: false, value: undefined };
  return { flat: true, value: new FrameReader(structuredClone(writer.take(NO_MAILBOX)), NO_MAILBOX).next() };
}

/** One of them takes two invalid dates for different ones, the other stumbles over a key `constructor`. */
function expectSame(got: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(got, expected)) expect(got).toStrictEqual(expected);
}

/** A payload either arrives as the structured clone would give it, or is left to the structured clone. */
function expectFaithful(value: unknown): void {
  const framed = throughFrame(value);
  if (!framed.flat) return;
  const expected = structuredClone(value);
  expectSame(framed.value, expected);
  // Deep equality is blind to the order of keys.
  if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(framed.value as object)).toEqual(Object.keys(expected));
  }
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  // Lone surrogates, and pairs that two neighbors of the joined text would make up.
  fc
    .array(fc.constantFrom('\ud83d', '\ude00', 'a', '\u0000', 'ß', '字'), { maxLength: 15 })
    .map((c) => c.join('')),
);
const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('id', 'text', 'tags', 'a', 'b', 'c') },
  fc.constantFrom('', '0', '1', '10', '-1', '1.5', '4294967294', '4294967296'),
  fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'prototype', '__proto__', 'valueOf', 'then'),
  text,
);
const leaf = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    -0,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 31,
    -(2 ** 31),
    2 ** 31 - 1,
    2 ** 53,
    1e-320,
  ),
  text,
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.date({ noInvalidDate: false }),
);
const exotic = fc.oneof(
  fc.bigInt(),
  fc.uint8Array({ maxLength: 4 }),
  fc.constantFrom(new Map([[1, 2]]), new Set(['a']), /x/g, new Error('e'), Object(5), Object('s')),
  fc.sparseArray(fc.integer(), { maxLength: 5 }),
);
/** An object with these entries, in order, as own data properties whatever their names. */
const fromEntries = (entries: readonly (readonly [string, unknown])[]) => {
  const object = {};
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
};
const { payload } = fc.letrec<{ payload: unknown }>((tie) => ({
  payload: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    { weight: 6, arbitrary: leaf },
    { weight: 1, arbitrary: exotic },
    { weight: 3, arbitrary: fc.array(tie('payload'), { maxLength: 6 }) },
    { weight: 4, arbitrary: fc.array(fc.tuple(key, tie('payload')), { maxLength: 6 }).map(fromEntries) },
  ),
}));

describe('a frame', () => {
  it('gives every flat payload as the structured clone would', () => {
    fc.assert(
      fc.property(payload, (value) => expectFaithful(value)),
      { numRuns: 3_000 },
    );
  });

  it('carries many payloads of mixed shapes, skips those that are not flat, and can be used again', () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 40, size: 'max' }), (values) => {
        const accepted = values.filter((value) => writer.append(value));
        const reader = new FrameReader(structuredClone(writer.take(NO_MAILBOX)), NO_MAILBOX);
        for (const value of accepted) {
          const got = reader.next();
          const expected = structuredClone(value);
          expectSame(got, expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves nothing of a refused payload behind', () => {
    fc.assert(
      fc.property(payload, payload, payload, (first, middle, last) => {
        const plain = new FrameWriter();
        const withRefused = new FrameWriter();
        const refused = { deep: [first, { middle }, { last }], no: 10n };
        const accepted = [first, last].filter((value) => plain.append(value));
        for (const value of accepted) {
          expect(withRefused.append(refused)).toBe(false);
          withRefused.append(value);
        }
        expect(withRefused.append(refused)).toBe(false);
        const { characters } = withRefused;
        const [frame, expected] = [withRefused.take(NO_MAILBOX), plain.take(NO_MAILBOX)];
        const read = (taken: Frame) => {
          const reader = new FrameReader(structuredClone(taken), NO_MAILBOX);
          return accepted.map(() => reader.next());
        };
        expectSame(read(frame), read(expected));
        expect(frame.codes?.length).toBe(expected.codes?.length);
        expect(frame.shapes).toStrictEqual(expected.shapes);
        // Where a text was last seen is remembered of refused ones too: it may be sent once more, or once less.
        expect(new Set(frame.strings)).toEqual(new Set(expected.strings));
        expect(characters).toBe((frame.strings ?? []).reduce((sum, { length }) => sum + length, 0));
      }),
      { numRuns: 500 },
    );
  });

  it('does not grow while everything that it is offered is refused', () => {
    const writer = new FrameWriter();
    for (let i = 0; i < 1_000; i++) writer.append({ inner: { [`key ${i}`]: 1 }, no: 10n });
    expect(writer.take(NO_MAILBOX).shapes ?? []).toHaveLength(0);
  });

  it('keeps the strings of neighbors apart where they would make a surrogate pair', () => {
    const writer = new FrameWriter();
    const values = ['\ud83d', '\ude00', 'x'.repeat(13), '\ude00', '', '字'];
    for (const value of values) expect(writer.append(value)).toBe(true);
    const reader = new FrameReader(structuredClone(writer.take(NO_MAILBOX)), NO_MAILBOX);
    expect(values.map(() => reader.next())).toEqual(values);
  });
});

const tree = (nodes: number): unknown => (nodes === 1 ? {} : { next: tree(nodes - 1) });
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const shared = { n: 1 };
const withHole = (items: number[]) => {
  delete items[1];
  return items;
};

describe('what is not flat is refused', () => {
  it.each<[string, unknown]>([
    ['a bigint', 1n],
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['an own __proto__ key', JSON.parse('{"__proto__": {"x": 1}}')],
    ['an object that occurs twice', [shared, shared]],
    ['a date that occurs twice', ((d) => [d, d])(new Date(0))],
    ['a cycle', cyclic],
    ['a class instance', new (class Point {})()],
    ['an object without a prototype', Object.create(null)],
    ['an object that inherits', Object.create({ inherited: 1 })],
    ['an array with a hole', withHole([1, 2, 3])],
    ['an array with a property', Object.assign([1], { extra: 2 })],
    ['an array with a hole and a property', Object.assign(withHole([1, 2]), { extra: 2 })],
    ['an array of a subclass', new (class List extends Array {})()],
    ['a date with a property', Object.assign(new Date(), { extra: 1 })],
    ['a map', new Map()],
    ['a typed array', new Uint8Array(2)],
    ['an error', new Error('e')],
    ['too many nodes', tree(17)],
    ['a long array', new Array(65).fill(0)],
    ['too many values', Array.from({ length: 15 }, () => new Array(64).fill(1))],
  ])('%s', (_name, value) => {
    const writer = new FrameWriter();
    expect(writer.append(value)).toBe(false);
    expect(writer.append(7)).toBe(true);
    expect(writer.take(NO_MAILBOX).codes).toHaveLength(2);
  });

  it('a getter that throws throws out of append and leaves the frame unchanged', () => {
    const writer = new FrameWriter();
    writer.append({ before: 'text', n: 1.5 });
    const broken = {
      text: 'a long text that goes into the strings',
      get bad() {
        throw new Error('no');
      },
    };
    expect(() => writer.append(broken)).toThrow('no');
    expect(() => writer.append([Object.create(Date.prototype)])).toThrow(TypeError);
    writer.append({ before: 'after', n: 2.5 });
    const reader = new FrameReader(writer.take(NO_MAILBOX), NO_MAILBOX);
    expect([reader.next(), reader.next()]).toEqual([
      { before: 'text', n: 1.5 },
      { before: 'after', n: 2.5 },
    ]);
  });
});

describe('a proxy', () => {
  it('travels as what it shows, though the structured clone refuses it', () => {
    expect(throughFrame({ deep: new Proxy({ a: [1] }, {}) }).value).toStrictEqual({ deep: { a: [1] } });
    expect(throughFrame(new Proxy([1, 2], {})).value).toStrictEqual([1, 2]);
  });
});

describe('a polluted Object.prototype', () => {
  const polluted = Object.prototype as { injected?: unknown };

  it('does not reach into payloads', () => {
    const writer = new FrameWriter();
    const values = [{ a: 1, injected: 'own' }, { a: 2 }, { a: 3, injected: 'own' }];
    polluted.injected = 'inherited';
    let accepted: boolean[];
    try {
      accepted = values.map((value) => writer.append(value));
    } finally {
      delete polluted.injected;
    }
    const reader = new FrameReader(structuredClone(writer.take(NO_MAILBOX)), NO_MAILBOX);
    for (const [i, value] of values.entries()) if (accepted[i]) expect(reader.next()).toStrictEqual(value);
  });

  it('has its codes in the mailbox if they fit, and with itself if they do not', () => {
    const writer = new FrameWriter();
    for (const value of [1, 0.1, 'a']) writer.append(value);
    const roomy = new Int32Array(6);
    const frame = structuredClone(writer.take(roomy));
    expect(frame).toEqual({ strings: ['a'] });
    const reader = new FrameReader(frame, roomy);
    expect([reader.next(), reader.next(), reader.next()]).toEqual([1, 0.1, 'a']);
    for (const value of [1, 0.1, 'a']) writer.append(value);
    const narrow = new Int32Array(5);
    expect(writer.take(narrow).codes).toHaveLength(6);
    expect([...narrow]).toEqual([0, 0, 0, 0, 0]);
  });

  it('does not keep a key from being set on arrival', () => {
    const writer = new FrameWriter();
    writer.append({ a: 1, injected: 2 });
    const frame = writer.take(NO_MAILBOX);
    const seen: unknown[] = [];
    Object.defineProperty(polluted, 'injected', {
      configurable: true,
      set: (value) => void seen.push(value),
    });
    let value: unknown;
    try {
      value = new FrameReader(frame, NO_MAILBOX).next();
    } finally {
      delete polluted.injected;
    }
    expect(seen).toEqual([]);
    expect(value).toStrictEqual({ a: 1, injected: 2 });
  });
});
