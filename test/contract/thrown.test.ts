import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { FrameWriter } from '../../src/contract/frame-writer.ts';
import { describeThrown, fromWire, toWire } from '../../src/contract/thrown.ts';

/** What a thrown value is on the other side: its wire form crosses as any message does. */
const across = (thrown: unknown): unknown => fromWire(structuredClone(toWire(thrown)));
/** The same for what must be an error there. */
const errorAcross = (thrown: unknown): Error & Record<string, unknown> => {
  const error = across(thrown);
  expect(error).toBeInstanceOf(Error);
  return error as Error & Record<string, unknown>;
};

function chainOf(length: number): Error {
  let error = new Error('cause 0');
  for (let i = 1; i < length; i++) error = new Error(`cause ${i}`, { cause: error });
  return error;
}

const throwing = (key: string, what: unknown = new Error('unreadable')) =>
  Object.defineProperty(new Error('x'), key, {
    enumerable: true,
    get: () => {
      throw what;
    },
  });
function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
const hostile: readonly (readonly [string, unknown])[] = [
  ['an error whose message cannot be read', throwing('message')],
  ['an error whose name cannot be read', throwing('name')],
  ['an error whose stack cannot be read', throwing('stack')],
  ['an error whose cause cannot be read', throwing('cause')],
  ['an error with a field that cannot be read', throwing('detail')],
  ['an error whose message throws what has no text', throwing('message', Object.create(null))],
  ['an error whose name is a symbol', Object.assign(new Error('x'), { name: Symbol('n') })],
  ['an error whose message has no text', Object.assign(new Error('x'), { message: Object.create(null) })],
  [
    'an object that throws when it is inspected',
    {
      [Symbol.for('nodejs.util.inspect.custom')]() {
        throw new Error('inspected');
      },
    },
  ],
  [
    'a proxy that refuses everything',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('trapped');
        },
        getPrototypeOf: () => {
          throw new Error('trapped');
        },
      },
    ),
  ],
  ['a revoked proxy', revoked()],
];

describe('what a handler throws', () => {
  it.each([['a string'], [''], [0], [Number.NaN], [true], [null], [undefined]])(
    'stays the same: %j',
    (value) => {
      expect(across(value)).toBe(value);
    },
  );

  it.each<[string, unknown, string]>([
    ['a bigint', 10n, '10n'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', function named() {}, '[Function: named]'],
    ['a plain object', { status: 500 }, '{ status: 500 }'],
  ])('is described in words if it is %s', (_name, value, text) => {
    expect(across(value)).toBe(text);
  });

  it.each([EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, Error])(
    'is an instance of its own type again: %o',
    (Type) => {
      const original = new Type('wrong');
      const error = errorAcross(original);
      expect(error.constructor).toBe(Type);
      expect(error).toMatchObject({ name: original.name, message: 'wrong', stack: original.stack });
    },
  );

  it('keeps the name of an error class that only the thread knows', () => {
    class PaymentError extends Error {
      override name = 'PaymentError';
    }
    expect(errorAcross(new PaymentError('declined'))).toMatchObject({
      name: 'PaymentError',
      message: 'declined',
    });
  });

  it('keeps own fields with plain values and leaves the others behind', () => {
    const original = Object.assign(new Error('e'), {
      code: 'E1',
      status: 503,
      retry: false,
      none: null,
      fn() {},
    });
    const error = errorAcross(Object.assign(original, { __proto__x: 1 }));
    expect({ ...error }).toEqual({ code: 'E1', status: 503, retry: false, none: null, __proto__x: 1 });
  });

  it('is not fooled by a field named __proto__', () => {
    const original = new Error('e');
    Object.defineProperty(original, '__proto__', { value: 'text', enumerable: true });
    expect(Object.getPrototypeOf(errorAcross(original))).toBe(Error.prototype);
  });

  it('looks like any other error: only its fields are enumerable', () => {
    expect(Object.keys(errorAcross(new Error('e', { cause: 1 })))).toEqual([]);
  });

  it('keeps its causes, errors or not', () => {
    const error = errorAcross(new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) }));
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ message: 'inner', cause: 'root' });
  });

  it('tells a cause of undefined from no cause', () => {
    expect('cause' in errorAcross(new Error('e', { cause: undefined }))).toBe(true);
    expect('cause' in errorAcross(new Error('e'))).toBe(false);
  });

  it('ends a chain of causes that has no end', () => {
    const error = new Error('outer');
    error.cause = new Error('inner', { cause: error });
    const copy = errorAcross(error);
    expect(copy.message).toBe('outer');
    expect((copy.cause as Error).message).toBe('inner');
  });

  it('keeps the errors of an AggregateError', () => {
    const error = errorAcross(new AggregateError([new TypeError('a'), 'b'], 'all failed'));
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.message).toBe('all failed');
    expect((error as unknown as AggregateError).errors).toMatchObject([{ message: 'a' }, 'b']);
  });

  it('is an error even if it comes from another realm', () => {
    const error = errorAcross(runInContext('new TypeError("elsewhere")', createContext()));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('elsewhere');
  });

  it.each(hostile)('never makes the way to the wire fail: %s', (_name, thrown) => {
    expect(() => structuredClone(toWire(thrown))).not.toThrow();
  });

  it.each(hostile)('never makes its description fail: %s', (_name, thrown) => {
    expect(typeof describeThrown(thrown)).toBe('string');
  });

  it.each([1, 4, 8, 20])('fits a frame, where errors travel among results, with %i causes', (length) => {
    expect(new FrameWriter().append(toWire(chainOf(length)))).toBe(true);
  });

  it('fits a frame with many fields', () => {
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`field${i}`, i]));
    expect(new FrameWriter().append(toWire(Object.assign(chainOf(3), fields)))).toBe(true);
  });
});

describe('the description of what was thrown', () => {
  it.each<[unknown, string]>([
    [new RangeError('too far'), 'RangeError: too far'],
    ['oops', 'threw a string, not an Error: "oops"'],
    [null, 'threw null, not an Error'],
    [undefined, 'threw undefined, not an Error'],
    [{ a: { b: { c: 1 } } }, 'threw { a: { b: [Object] } }, not an Error'],
  ])('%o', (thrown, text) => {
    expect(describeThrown(thrown)).toBe(text);
  });
});
