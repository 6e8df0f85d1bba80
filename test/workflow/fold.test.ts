import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEngine, ioAgent, stats, type WorkflowEvent, workflow } from '../../src/index.ts';
import { evolve, stateBefore } from '../../src/workflow/evolve.ts';
import { planOf } from '../../src/workflow/plan.ts';
import type { ItemsState } from '../../src/workflow/state.ts';

/** Ends in any order: each call takes a random number of turns. */
const label = ioAgent('label', {
  run: async ({ item, turns, fails }: { item: number; turns: number; fails: boolean }) => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (fails) throw new Error(`no label for ${item}`);
    return `${item}`;
  },
});
/** Associative, and not commutative: a result in another order would show. */
const join = ioAgent('join', { run: async (parts: readonly string[]) => parts.join(' ') });
const agents = [label, join] as const;

const engineOf = async () => {
  const engine = await createEngine({ agents, admission: { policy: 'none' } });
  onTestFinished(() => engine.close({ timeoutMs: 1 }));
  return engine;
};

describe('a reduction that is associative', () => {
  test('gives the same as one go over all outputs in their order, whenever they come', async () => {
    const engine = await engineOf();
    let runs = 0;
    const items = fc.array(fc.record({ turns: fc.nat(4), fails: fc.boolean() }), { maxLength: 60 });
    const check = fc.asyncProperty(items, fc.integer({ min: 2, max: 9 }), async (given, fanIn) => {
      const definition = workflow(`fold-${runs++}`, { agents })
        .map('labels', {
          over: () => given.map((one, item) => ({ ...one, item })),
          agent: 'label',
          onFailure: 'skip',
          concurrency: 7,
        })
        .reduce('text', { of: 'labels', agent: 'join', fanIn })
        .build();
      const run = await engine.start(definition, undefined);
      const { data } = await run.result();
      const expected = given.flatMap(({ fails }, item) => (fails ? [] : [`${item}`])).join(' ');
      expect(data.text).toBe(expected);
      const events: WorkflowEvent[] = [];
      for await (const event of run.events()) events.push(event);
      const plan = planOf(definition);
      const state = stateBefore(plan);
      state.run = run.id;
      for (const event of events) evolve(plan, state, event);
      expect(state.result).toBe(given.some(({ fails }) => fails) ? 'partial' : 'success');
      // What was folded is not kept beside what it became.
      const map = state.steps[0]!;
      const { values } = (map.status === 'succeeded' ? map.output : undefined) as ItemsState;
      const folded = events.filter(({ type }) => type === 'part-reduced').length;
      expect(values.size).toBeLessThanOrEqual(given.length - (folded > 0 ? 1 : 0));
    });
    await fc.assert(check, { numRuns: 60 });
  });

  test('fails in its own name when an agent cannot bring outputs together', async () => {
    const engine = await createEngine({
      agents: [
        label,
        ioAgent('refuses', {
          run: async (_: readonly string[]): Promise<string> => Promise.reject(new Error('no')),
        }),
      ],
    });
    onTestFinished(() => engine.close({ timeoutMs: 1 }));
    const definition = workflow('refused')
      .map('labels', { over: () => [{ item: 0, turns: 0, fails: false }], agent: 'label' })
      .reduce('text', { of: 'labels', agent: 'refuses', fanIn: 2 })
      .build();
    const { status, errors } = await (await engine.start(definition, undefined)).result();
    expect(status).toBe('failed');
    expect(errors).toEqual([expect.objectContaining({ step: 'text', code: 'HANDLER_FAILED' })]);
  });

  test('is carried out on threads where it says so, with the same result', async () => {
    const engine = await createEngine({ threads: { count: 1 } });
    onTestFinished(() => engine.close({ timeoutMs: 1 }));
    const of = (id: string, on: 'loop' | 'threads') =>
      workflow(id)
        .map('numbers', { over: () => [...Array(500).keys()], run: (n: number) => n * 1.1 })
        .reduce('figures', { of: 'numbers', using: stats(), on })
        .build();
    const onLoop = await (await engine.start(of('on-loop', 'loop'), undefined)).result();
    const onThreads = await (await engine.start(of('on-threads', 'threads'), undefined)).result();
    expect(onThreads.data).toEqual(onLoop.data);
    expect(onThreads.metadata).toMatchObject({ agents: ['spillway.aggregate'] });
    expect(onThreads.metadata.tasks).toBeGreaterThan(8);
    const refused = () =>
      workflow('functions')
        .map('numbers', { over: () => [1], run: (n: number) => n })
        .reduce('figures', { of: 'numbers', using: stats({ of: (n: number) => n }), on: 'threads' })
        .build();
    expect(refused).toThrow(
      /using: expected an aggregation such as stats\(\), without functions if on threads/,
    );
  });
});
