import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEngine, type Engine, type Outcome } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { Flag, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 5_000 });
let engine: Engine;
beforeAll(async () => {
  const names = [
    'echo',
    'result',
    'mutate',
    'sameObject',
    'bytes',
    'sumAndReturn',
    'giveBuffer',
    'hold',
    'spin',
  ];
  engine = (await createEngine({
    agents: [...names, 'transferNonsense'].map((name) => onThreads(name)),
    threads: { count: 1 },
    closeTimeoutMs: 500,
  })) as unknown as Engine;
  // What batches are sized by is known from here on.
  for (const name of ['echo', 'mutate', 'sameObject']) {
    await Promise.all(Array.from({ length: 200 }, () => engine.run(name, { shared: { n: 0 } })));
  }
});
afterAll(() => engine.close());

const outcomesOf = (agent: string, inputs: readonly unknown[]): Promise<Outcome[]> =>
  Promise.all(inputs.map((input) => engine.submit(agent, input).outcome));

describe('a payload', () => {
  const kinds: [string, unknown][] = [
    ['a map', new Map([[{ k: 1 }, new Set([1])]])],
    ['a typed array', new Float32Array([1.5, 2])],
    ['a bigint', 2n ** 70n],
    ['a date', new Date(5)],
    ['an error', new RangeError('as data')],
    ['a cycle', ((o: { self?: unknown }) => Object.assign(o, { self: o }))({})],
    ['a large array', Array.from({ length: 5_000 }, (_, i) => i)],
    ['a deep tree', JSON.parse(`${'['.repeat(200)}1${']'.repeat(200)}`)],
    ['undefined', undefined],
    ['-0', -0],
    ['lone surrogates', ['\ud83d', '\ude00', '\ud83d\ude00 and more than twelve characters']],
    ['a long text', 'ß'.repeat(1_000_000)],
  ];
  it.each(kinds)(
    'arrives as the structured clone would give it, and so does the result: %s',
    async (_name, value) => {
      expect(await engine.run('echo', value)).toStrictEqual(structuredClone(value));
    },
  );

  it('with __proto__ in it pollutes nothing and arrives whole', async () => {
    const input = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}',
    );
    const value = (await engine.run('echo', input)) as object;
    expect(Object.getOwnPropertyNames(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const result = (await engine.run('result', 'proto')) as object;
    expect(Object.keys(result)).toEqual(['__proto__', 'a']);
  });

  it('that cannot be cloned fails alone among 1,000 others', async () => {
    const inputs: unknown[] = Array.from({ length: 1_001 }, (_, i) => ({ i }));
    inputs[500] = { i: 500, fn() {} };
    const outcomes = await outcomesOf('echo', inputs);
    expect(outcomes[500]).toMatchObject({ status: 'failed', error: { code: 'INPUT_NOT_CLONEABLE' } });
    expect((outcomes[500] as { error: { cause: unknown } }).error.cause).toMatchObject({
      name: 'DataCloneError',
    });
    outcomes.splice(500, 1);
    expect(outcomes.every((outcome) => outcome.status === 'completed')).toBe(true);
    expect(outcomes.map((outcome) => (outcome as { value: { i: number } }).value.i)).toEqual(
      [...Array(1_001).keys()].filter((i) => i !== 500),
    );
  });

  it.each<[string, () => unknown]>([
    ['throws', () => new Error('unreadable')],
    ['throws text', () => 'unreadable'],
    ['throws null', () => null],
  ])('whose getter %s fails alone, and the thread goes on', async (_name, make) => {
    const broken = {
      get bad() {
        throw make();
      },
    };
    const outcomes = await outcomesOf('echo', [1, broken, 2]);
    expect(outcomes).toMatchObject([
      { status: 'completed', value: 1 },
      { status: 'failed', error: { code: 'INPUT_NOT_CLONEABLE', cause: make() } },
      { status: 'completed', value: 2 },
    ]);
    expect(await outcomesOf('echo', Array(300).fill(3))).toHaveLength(300);
  });

  it('that two tasks of one batch share is changed for neither by the other', async () => {
    const shared = { n: 0 };
    const outcomes = await outcomesOf('mutate', Array(200).fill({ shared }));
    expect(new Set(outcomes.map((outcome) => (outcome as { value: unknown }).value))).toEqual(new Set([1]));
    expect(shared.n).toBe(0);
  });
});

describe('a result', () => {
  it.each(['function', 'symbol', 'deepFunction', 'promiseInside', 'throwingGetter', 'throwingText'])(
    'that cannot be cloned fails that task alone: %s',

    async (kind) => {
      const outcomes = await outcomesOf('result', ['bigint', kind, 'undefined', kind, 'date']);
      const refused = { status: 'failed', error: { code: 'RESULT_NOT_CLONEABLE' } };
      expect(outcomes).toMatchObject([
        { status: 'completed', value: 2n ** 70n },
        refused,
        { status: 'completed', value: undefined },
        refused,
        { status: 'completed', value: new Date(5) },
      ]);
    },
  );

  it('that is not flat travels by itself, in its place', async () => {
    const outcomes = await outcomesOf('result', ['map', 'date', 'large', 'map']);
    expect(outcomes.map((outcome) => (outcome as { value: unknown }).value)).toEqual([
      new Map([['k', new Set([1])]]),
      new Date(5),
      Array.from({ length: 10_000 }, (_, i) => ({ i })),
      new Map([['k', new Set([1])]]),
    ]);
  });

  it('that the handler changes in its next call stays as it was', async () => {
    const outcomes = await outcomesOf('sameObject', Array(200).fill(0));
    const values = outcomes.map((outcome) => (outcome as { value: { n: number } }).value.n);
    expect(values).toEqual(values.map((_, i) => values[0]! + i));
  });
});

describe('what is transferred', () => {
  const bufferOf = (size: number) => new Uint8Array(size).fill(1).buffer;

  it('moves to the thread and back', async () => {
    const buffer = bufferOf(1_000);
    const result = (await engine.run('sumAndReturn', { buffer }, { transfer: [buffer] })) as {
      sum: number;
      buffer: ArrayBuffer;
    };
    expect(buffer.byteLength).toBe(0);
    expect(result.sum).toBe(1_000);
    expect(result.buffer.byteLength).toBe(1_000);
  });

  it('is gone on the thread once it was given', async () => {
    await engine.run('giveBuffer', 10);
    expect(await engine.run('giveBuffer', 10)).toMatchObject({ before: 0, buffer: new ArrayBuffer(10) });
  });

  it('is copied without the option', async () => {
    const buffer = bufferOf(10);
    expect(await engine.run('bytes', { buffer })).toBe(10);
    expect(buffer.byteLength).toBe(10);
  });

  it('fails the task, and only that one, if it cannot be transferred', async () => {
    const gone = bufferOf(1);
    structuredClone(gone, { transfer: [gone] });
    const wrong: unknown[][] = [[gone], [{}], [5], [bufferOf(1), 'x']];
    for (const transfer of wrong) {
      const outcome = await engine.submit('bytes', { buffer: gone }, { transfer: transfer as never }).outcome;
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'INPUT_NOT_CLONEABLE' } });
    }
    expect(await engine.submit('transferNonsense', 1).outcome).toMatchObject({
      status: 'failed',
      error: { code: 'RESULT_NOT_CLONEABLE' },
    });
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it('arrives even if its task had to wait behind a long one', { timeout: 10_000 }, async () => {
    const flag = new Flag();
    const long = engine.submit('hold', { flag: flag.flag });
    await running(long);
    const buffers = Array.from({ length: 4 }, () => bufferOf(100));
    const handles = buffers.map((buffer) => engine.submit('bytes', { buffer }, { transfer: [buffer] }));
    // Long enough for the engine to think better of what it sent ahead: several looks at the thread.
    for (let i = 0; i < 10; i++) await engine.submit('spin', 5).cancel();
    await new Promise((resolve) => setTimeout(resolve, 100));
    flag.raise();
    await long.outcome;
    for (const handle of handles)
      expect(await handle.outcome).toMatchObject({ status: 'completed', value: 100 });
  });
});
