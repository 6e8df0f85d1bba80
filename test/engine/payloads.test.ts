import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Engine, Outcome } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';

vi.setConfig({ testTimeout: 60_000 });
let engine: Engine;
beforeAll(async () => {
  engine = await engineOf(['echo', 'result', 'mutate'].map((name) => onThreads(name)));
  // What batches are sized by is known from here on.
  await Promise.all(Array.from({ length: 200 }, () => engine.run('mutate', { shared: { n: 0 } })));
});
afterAll(() => engine.close());

const outcomesOf = (agent: string, inputs: readonly unknown[], on = engine): Promise<Outcome[]> =>
  Promise.all(inputs.map((input) => on.submit(agent, input).outcome));

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
    await using own = await engineOf([onThreads('echo')]);
    const outcomes = await outcomesOf('echo', [1, broken, 2], own);
    expect(outcomes).toMatchObject([
      { status: 'completed', value: 1 },
      { status: 'failed', error: { code: 'INPUT_NOT_CLONEABLE', cause: make() } },
      { status: 'completed', value: 2 },
    ]);
    expect(await outcomesOf('echo', Array(300).fill(3), own)).toHaveLength(300);
  });

  it('that two tasks of one batch share is changed for neither by the other', async () => {
    const shared = { n: 0 };
    const outcomes = await outcomesOf('mutate', Array(200).fill({ shared }));
    expect(new Set(outcomes.map((outcome) => (outcome as { value: unknown }).value))).toEqual(new Set([1]));
    expect(shared.n).toBe(0);
  });
});
