import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Engine, Outcome } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';

vi.setConfig({ testTimeout: 60_000 });
let engine: Engine;
beforeAll(async () => {
  engine = await engineOf(['result', 'sameObject'].map((name) => onThreads(name)));
  // What batches are sized by is known from here on.
  await Promise.all(Array.from({ length: 200 }, () => engine.run('sameObject', { shared: { n: 0 } })));
});
afterAll(() => engine.close());

const outcomesOf = (agent: string, inputs: readonly unknown[]): Promise<Outcome[]> =>
  Promise.all(inputs.map((input) => engine.submit(agent, input).outcome));

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
