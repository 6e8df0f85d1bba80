import { describe, expect, onTestFinished, test } from 'vitest';
import { type Agent, ioAgent, type WorkflowResult, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { nextTurn } from '../fixtures/waiting.ts';

async function resultOf(
  definition: Parameters<Awaited<ReturnType<typeof engineOf>>['start']>[0],
  agents: readonly Agent[] = [],
): Promise<WorkflowResult> {
  const engine = await engineOf(agents);
  onTestFinished(() => engine.close());
  return (await engine.start(definition, undefined)).result();
}

/** Counts up, and remembers how far it was asked and whether it was closed. */
function counting(options: { readonly end?: number; readonly throwAt?: number } = {}) {
  const seen = { pulled: 0, closed: 0 };
  function* items() {
    try {
      for (let n = 0; n < (options.end ?? Number.POSITIVE_INFINITY); n++) {
        if (n === options.throwAt) throw new Error('the well is dry');
        seen.pulled++;
        yield n;
      }
    } finally {
      seen.closed++;
    }
  }
  return { seen, items };
}

describe('what a map goes over', () => {
  test.each([
    ['a number', 5, 'got 5'],
    ['nothing', undefined, 'got undefined'],
    ['a text', 'abc', "got 'abc'"],
    ['an object', { length: 3 }, 'got { length: 3 }'],
    ['a promise', Promise.resolve([]), 'got Promise'],
  ])('is no %s', async (_, items, got) => {
    const { status, errors } = await resultOf(
      workflow('over')
        .map('all', { over: () => items as never, run: (n: number) => n })
        .build(),
    );
    expect(status).toBe('failed');
    expect(errors).toMatchObject([
      {
        step: 'all',
        code: 'STEP_FAILED',
        message: expect.stringContaining('expected an array, an iterable or an async iterable'),
      },
    ]);
    expect(errors[0]!.message).toContain(got);
  });

  test('may be 10 million long if the map says so; else it is refused before the first item is begun', async () => {
    let calls = 0;
    const { errors } = await resultOf(
      workflow('over')
        .map('all', { over: () => new Array(10_000_000), run: () => calls++ })
        .build(),
    );
    expect(errors).toMatchObject([
      {
        code: 'WORKFLOW_LIMIT',
        retryable: false,
        message: expect.stringMatching(/at most 1000000 items \(its maxItems\), got 10000000; chunk them/),
      },
    ]);
    expect(calls).toBe(0);
  });

  test.each(['ends at once', 'takes its time'])(
    'is stopped at maxItems and closed if it has no end, when its work %s',
    async (how) => {
      const { seen, items } = counting();
      const { status, errors } = await resultOf(
        workflow('endless')
          .map('all', {
            over: items,
            maxItems: 50,
            run: (n: number) => (how === 'ends at once' ? n : nextTurn().then(() => n)),
          })
          .build(),
      );
      expect(status).toBe('failed');
      expect(errors).toMatchObject([
        { code: 'WORKFLOW_LIMIT', suggestion: expect.stringContaining('maxItems') },
      ]);
      expect(seen).toEqual({ pulled: 51, closed: 1 });
    },
  );

  test.each([true, false])(
    'may throw midway (async: %s): the step fails, and what runs is cancelled',
    async (isAsync) => {
      const { seen, items } = counting({ throwAt: 3 });
      async function* later() {
        for (const n of items()) {
          await nextTurn();
          yield n;
        }
      }
      const aborted: number[] = [];
      const hangs = ioAgent('hangs', {
        run: (n: number, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted.push(n);
              reject(signal.reason);
            });
          }),
      });
      const { errors } = await resultOf(
        workflow('midway')
          .map('all', { over: isAsync ? later : items, agent: 'hangs', onFailure: 'skip' })
          .build(),
        [hangs],
      );
      expect(errors).toMatchObject([
        { step: 'all', code: 'STEP_FAILED', message: 'over of step "all": Error: the well is dry' },
      ]);
      expect(aborted.length).toBeLessThanOrEqual(3);
      expect(seen.closed).toBe(1);
    },
  );

  test('is closed when there is enough, and when the run is cancelled, even if its next item never comes', async () => {
    const { seen, items } = counting();
    const early = await resultOf(
      workflow('enough')
        .map('all', { over: items, run: (n: number) => n, enough: { count: 3 }, concurrency: 2 })
        .build(),
    );
    expect(early.status).toBe('success');
    expect(seen.closed).toBe(1);

    let closed = 0;
    const stuck: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          closed++;
          throw new Error('cannot be closed');
        },
      }),
    };
    const engine = await engineOf([]);
    onTestFinished(() => engine.close());
    // The place that is kept for an item that never comes is free for the next step.
    const definition = workflow('stuck', { concurrency: 1 })
      .map('all', { over: () => stuck, run: (n: number) => n })
      .step('next', { run: () => 'ran' })
      .build();
    const run = await engine.start(definition, undefined);
    await nextTurn();
    await run.cancel({ steps: ['all'] });
    const result = await run.result();
    expect(closed).toBe(1);
    expect(result.data).toMatchObject({ next: 'ran', all: { $missing: { code: 'CANCELLED' } } });
  });

  test('may come from an iterator that gives nonsense: that is an error of the step', async () => {
    const odd = { [Symbol.iterator]: () => ({ next: () => 5 }) } as unknown as Iterable<number>;
    const oddLater = {
      [Symbol.asyncIterator]: () => ({ next: async () => undefined }),
    } as unknown as AsyncIterable<number>;
    for (const [items, got] of [
      [odd, '5'],
      [oddLater, 'undefined'],
    ] as const) {
      const { errors } = await resultOf(
        workflow('odd')
          .map('all', { over: () => items, run: (n: number) => n })
          .build(),
      );
      expect(errors[0]!.message).toContain(`expected { done, value } of its iterator, got ${got}`);
    }
  });
});
