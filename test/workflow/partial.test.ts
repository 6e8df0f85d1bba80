import { describe, expect, onTestFinished, test } from 'vitest';
import { ioAgent, isMissing, type MinSuccess, type Workflow, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { nextTurn } from '../fixtures/waiting.ts';

async function resultOf(definition: Workflow) {
  const engine = await engineOf([]);
  onTestFinished(() => engine.close());
  return (await engine.start(definition, undefined)).result();
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
/** Fails for certain items. */
const failing = (bad: readonly number[]) => async (n: number) => {
  if (bad.includes(n)) throw new Error(`no ${n}`);
  return n * 10;
};
/** Items whose number is known only at their end. */
async function* oneByOne(count: number) {
  for (const n of upTo(count)) {
    await nextTurn();
    yield n;
  }
}

describe('minSuccess', () => {
  test.each<[MinSuccess, readonly number[], string, string?]>([
    [0.5, [1, 2], 'partial'],
    [0.5, [1, 2, 3], 'failed', 'expected 2 of 4 items to succeed, 3 failed; the first: '],
    [{ count: 3 }, [1], 'partial'],
    [{ count: 3 }, [1, 2], 'failed', 'expected 3 of 4 items to succeed, 2 failed'],
    [{ count: 5 }, [], 'failed', 'expected 5 of 4 items to succeed, 0 failed'],
    [{ items: [0, 2] }, [1, 3], 'partial'],
    [{ items: [0, 2] }, [2], 'failed', 'expected item 2 to succeed; it failed: '],
    [{ items: [7] }, [], 'failed', 'expected item 7 to succeed; there are only 4 items'],
    [1, [], 'success'],
    [0, [0, 1, 2, 3], 'partial'],
  ])('of %j with items %j failing ends as %s', async (minSuccess, bad, status, why) => {
    for (const over of [() => upTo(4), () => oneByOne(4)]) {
      const definition = workflow('min')
        .map('all', { over, minSuccess, run: failing(bad) })
        .build();
      const result = await resultOf(definition);
      expect(result.status).toBe(status);
      if (status === 'failed') {
        expect(result.errors.at(-1)).toMatchObject({ step: 'all', code: 'TOO_FEW_SUCCEEDED' });
        expect(result.errors.at(-1)!.message).toContain(why ?? '');
        continue;
      }
      const { all } = result.data as { all: readonly unknown[] };
      expect(all.map((value) => (isMissing(value) ? value.$missing.item : value))).toEqual(
        upTo(4).map((n) => (bad.includes(n) ? n : n * 10)),
      );
      expect(result.errors.map(({ item }) => item)).toEqual(bad);
    }
  });

  test('that is out of reach ends the map at once: nothing more is spent', async () => {
    let calls = 0;
    const definition = workflow('early')
      .map('all', {
        over: () => upTo(1_000),
        concurrency: 2,
        minSuccess: 0.999,
        run: async () => {
          calls++;
          await nextTurn();
          throw new Error('no');
        },
      })
      .build();
    const result = await resultOf(definition);
    expect(result.errors.at(-1)).toMatchObject({ code: 'TOO_FEW_SUCCEEDED', retryable: true });
    expect(calls).toBeLessThanOrEqual(8);
  });
});

describe('onFailure of items', () => {
  test.each([
    ['skip', [0, 'missing', 20, 'missing', 40]],
    [{ value: -1 }, [0, -1, 20, -1, 40]],
    ['interpolate', [0, 10, 20, 30, 40]],
    [
      { interpolate: (a: number, b: number, index: number) => `${a} ${b} ${index}` },
      [0, '0 20 1', 20, '20 40 3', 40],
    ],
    [{ interpolate: () => undefined }, [0, 'missing', 20, 'missing', 40]],
  ] as const)('%j', async (onFailure, expected) => {
    const definition = workflow('items')
      .map('all', { over: () => upTo(5), onFailure: onFailure as 'skip', run: failing([1, 3]) })
      .build();
    const { status, data, errors } = await resultOf(definition);
    expect(status).toBe('partial');
    const { all } = data as { all: readonly unknown[] };
    expect(all.map((value) => (isMissing(value) ? 'missing' : value))).toEqual(expected);
    expect(errors.map(({ item }) => item)).toEqual([1, 3]);
  });

  test('interpolates at the edges from the one neighbor that there is, and not from nothing', async () => {
    const at = (bad: readonly number[]) =>
      resultOf(
        workflow('edges')
          .map('all', { over: () => upTo(4), onFailure: 'interpolate', run: failing(bad) })
          .build(),
      );
    expect((await at([0, 3])).data).toEqual({ all: [10, 10, 20, 20] });
    const { all } = (await at([0, 1, 2, 3])).data as { all: readonly unknown[] };
    expect(all.every(isMissing)).toBe(true);
  });

  test('a function that interpolates and throws marks the value, and is named in the errors', async () => {
    const interpolate = () => {
      throw new Error('cannot tell');
    };
    const definition = workflow('throws')
      .map('all', { over: () => upTo(3), onFailure: { interpolate }, run: failing([1]) })
      .step('after', { after: 'all', run: (all) => (all as readonly unknown[]).length })
      .build();
    const { status, data, errors } = await resultOf(definition);
    expect(status).toBe('partial');
    expect(data).toEqual({ after: 3 });
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('no 1'),
      'interpolate of step "all": Error: cannot tell',
    ]);
    expect(errors[1]).toMatchObject({ step: 'all', item: 1, code: 'STEP_FAILED' });
  });
});

describe('enough', () => {
  test('results by count cancel the rest, which is marked', async () => {
    const definition = workflow('count')
      .map('all', {
        over: () => upTo(100),
        concurrency: 2,
        enough: { count: 3 },
        run: async (n) => {
          await nextTurn();
          return n;
        },
      })
      .build();
    const { status, data } = await resultOf(definition);
    expect(status).toBe('success');
    const { all } = data as { all: readonly unknown[] };
    expect(all).toHaveLength(100);
    expect(all.filter((value) => !isMissing(value)).length).toBeGreaterThanOrEqual(3);
    expect(all[99]).toMatchObject({ $missing: { step: 'all', item: 99, code: 'CANCELLED' } });
  });

  test('wait for items that have to be there', async () => {
    const definition = workflow('critical')
      .map('all', {
        over: () => upTo(4),
        enough: { count: 1 },
        minSuccess: { items: [3] },
        run: async (n) => {
          for (let turn = 0; turn < n * 3; turn++) await nextTurn();
          return n;
        },
      })
      .build();
    expect((await resultOf(definition)).data).toMatchObject({ all: { 3: 3 } });
  });

  test('a quorum counts what agrees by its key', async () => {
    const definition = workflow('quorum')
      .map('all', {
        over: () => ['a', 'B', 'A', 'b', 'a', 'never'],
        concurrency: 1,
        enough: { quorum: 3, by: (value) => ({ letter: String(value).toLowerCase() }) },
        run: async (text) => {
          await nextTurn();
          return text;
        },
      })
      .build();
    const { status, data } = await resultOf(definition);
    expect(status).toBe('success');
    expect((data as { all: readonly unknown[] }).all.slice(0, 5)).toEqual(['a', 'B', 'A', 'b', 'a']);
    expect((data as { all: readonly unknown[] }).all[5]).toMatchObject({ $missing: { code: 'CANCELLED' } });
  });

  test.each([
    [() => upTo(6), 4],
    [() => oneByOne(6), 6],
  ])(
    'a quorum that cannot be reached any more fails the step at once, if the number of items is known',
    async (over, calls) => {
      let called = 0;
      const definition = workflow('split')
        .map('all', {
          over,
          concurrency: 1,
          enough: { quorum: 4 },
          run: async (n: number) => {
            called++;
            await nextTurn();
            return n % 6;
          },
        })
        .build();
      const { errors } = await resultOf(definition);
      expect(errors).toMatchObject([
        {
          code: 'TOO_FEW_SUCCEEDED',
          message: expect.stringMatching(
            /expected 4 results that agree; of 6 items .* at most 1 agree so far/,
          ),
        },
      ]);
      expect(called).toBeGreaterThanOrEqual(4);
      expect(called).toBeLessThanOrEqual(calls + 1);
    },
  );

  test('a key that cannot be had fails the item, and names the function', async () => {
    const definition = workflow('keys')
      .map('all', {
        over: () => upTo(4),
        enough: {
          quorum: 3,
          by: (n) => {
            if (n === 1) throw new Error('no key');
            return 'same';
          },
        },
        run: async (n) => n,
      })
      .build();
    const { status, errors } = await resultOf(definition);
    expect(status).toBe('partial');
    expect(errors).toMatchObject([
      { step: 'all', item: 1, message: 'enough.by of step "all": Error: no key', retryable: false },
    ]);
  });

  test('too few are no failure where something stands in for those that failed', async () => {
    const definition = workflow('lenient')
      .map('all', { over: () => upTo(3), enough: { count: 3 }, onFailure: { value: 0 }, run: failing([2]) })
      .build();
    expect(await resultOf(definition)).toMatchObject({ status: 'partial', data: { all: [0, 10, 0] } });
  });
});

test('a task that is retried and then succeeds leaves no error', async () => {
  let tries = 0;
  const flaky = ioAgent('flaky', {
    run: async () => {
      if (++tries < 3) throw new Error('flaky');
      return tries;
    },
  });
  const engine = await engineOf([flaky]);
  onTestFinished(() => engine.close());
  const definition = workflow('flaky')
    .step('one', { agent: 'flaky', retry: { attempts: 3, backoffMs: 0 } })
    .build();
  expect(await (await engine.start(definition, undefined)).result()).toMatchObject({
    status: 'success',
    data: { one: 3 },
    errors: [],
    metadata: { tasks: 3, retries: 2, successRate: 1 },
  });
});
