import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ioAgent, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('the limits of a map', () => {
  test('hold exactly, per map and per workflow, also over items that are tried again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          workflowLimit: fc.integer({ min: 1, max: 5 }),
          mapLimits: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
          items: fc.integer({ min: 0, max: 25 }),
          turns: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 7 }),
          failEvery: fc.integer({ min: 2, max: 6 }),
        }),
        async ({ workflowLimit, mapLimits, items, turns, failEvery }) => {
          const inside = mapLimits.map(() => 0);
          const most = { all: 0, maps: mapLimits.map(() => 0) };
          let builder = workflow('limits', { concurrency: workflowLimit });
          for (const [map, concurrency] of mapLimits.entries()) {
            const tried = new Set<number>();
            builder = builder.map(`map ${map}`, {
              over: () => upTo(items),
              concurrency,
              retry: { attempts: 2, backoffMs: 0 },
              run: async (n: number) => {
                inside[map]!++;
                most.maps[map] = Math.max(most.maps[map]!, inside[map]!);
                most.all = Math.max(
                  most.all,
                  inside.reduce((sum, count) => sum + count, 0),
                );
                for (let turn = 0; turn < turns[n % turns.length]!; turn++) await nextTurn();
                inside[map]!--;
                if (n % failEvery === 0 && !tried.has(n)) {
                  tried.add(n);
                  throw new Error('once more');
                }
                return n;
              },
            }) as unknown as typeof builder;
          }
          const engine = await engineOf([]);
          const result = await (await engine.start(builder.build(), undefined)).result();
          await engine.close();
          expect(result.status).toBe('success');
          for (const [map, limit] of mapLimits.entries()) {
            expect((result.data as Record<string, unknown>)[`map ${map}`]).toEqual(upTo(items));
            // As many as there may be are inside, if there is that much to do and nothing else in the way.
            expect(most.maps[map]).toBeLessThanOrEqual(limit);
          }
          expect(most.all).toBeLessThanOrEqual(workflowLimit);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('use all the places that there are', async () => {
    const gate = deferred();
    let inside = 0;
    const engine = await engineOf([]);
    onTestFinished(() => engine.close());
    const enter = (): Promise<void> => {
      inside++;
      return gate.promise;
    };
    const definition = workflow('full', { concurrency: 7 })
      .map('a', { over: () => upTo(20), concurrency: 4, run: enter })
      .map('b', { over: () => upTo(20), concurrency: 5, run: enter })
      .build();
    const run = await engine.start(definition, undefined);
    await nextTurn();
    expect(inside).toBe(7);
    gate.resolve();
    expect((await run.result()).status).toBe('success');
  });

  test('keep what is outstanding of 100,000 items bounded', async () => {
    const count = 100_000;
    let pulled = 0;
    let done = 0;
    let mostOpen = 0;
    function* items() {
      while (pulled < count) {
        mostOpen = Math.max(mostOpen, ++pulled - done);
        yield pulled;
      }
    }
    const work = ioAgent('work', { run: async () => void done++ });
    const engine = await engineOf([work]);
    onTestFinished(() => engine.close());
    const definition = workflow('many').map('all', { over: items, agent: 'work', concurrency: 200 }).build();
    const { status, data, metadata } = await (await engine.start(definition, undefined)).result();
    expect(status).toBe('success');
    expect((data as { all: readonly number[] }).all).toHaveLength(count);
    expect(metadata.tasks).toBe(count);
    expect(mostOpen).toBeLessThanOrEqual(201);
  });

  test('let 100,000 functions that return at once be done without a deep stack, and others have their turn', async () => {
    let turns = 0;
    let isOver = false;
    const engine = await engineOf([]);
    onTestFinished(() => engine.close());
    const definition = workflow('at once')
      .map('all', { over: () => upTo(100_000), run: (n: number) => n })
      .build();
    const run = await engine.start(definition, undefined);
    void run.result().then(() => {
      isOver = true;
    });
    while (!isOver) {
      await nextTurn();
      turns++;
    }
    expect((await run.result()).status).toBe('success');
    expect(turns).toBeGreaterThanOrEqual(50);
  });

  test('are kept by items that a person wants to be tried again', async () => {
    let inside = 0;
    let most = 0;
    const tries = new Map<number, number>();
    const definition = workflow('answers')
      .map('all', {
        over: () => upTo(6),
        concurrency: 2,
        onFailure: 'escalate',
        run: async (n: number) => {
          most = Math.max(most, ++inside);
          await nextTurn();
          inside--;
          tries.set(n, (tries.get(n) ?? 0) + 1);
          if (tries.get(n) === 1) throw new Error('not yet');
          return n;
        },
      })
      .build();
    const engine = await engineOf([]);
    onTestFinished(() => engine.close());
    const run = await engine.start(definition, undefined);
    let parked = 0;
    for await (const event of run.events()) {
      if (event.type === 'item-parked' && ++parked === 6) {
        await Promise.all(upTo(6).map((item) => run.answer('all', { retry: true }, item)));
      }
    }
    expect(await run.result()).toMatchObject({ status: 'success', data: { all: upTo(6) }, errors: [] });
    expect(most).toBe(2);
  });
});
