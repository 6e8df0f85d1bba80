import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEngine, type Engine } from '../../../src/index.ts';
import { merge, stats } from '../../../src/workflow/aggregate/aggregations.ts';
import { type ReduceStep, Reduction, takeSteps } from '../../../src/workflow/aggregate/reduction.ts';
import { aggregateAgent } from '../../../src/workflow/aggregate-agent.ts';

let engine: Engine<readonly [ReturnType<typeof aggregateAgent>]>;
beforeAll(async () => {
  engine = await createEngine({ agents: [aggregateAgent()], threads: { count: 2 } });
});
afterAll(() => engine?.close());

const values = Array.from({ length: 500 }, (_, index) => ({ id: index % 97, score: (index * 7_919) % 101 }));

test.each([
  ['merge', merge<(typeof values)[number]>({ by: 'id', sort: { by: 'score' } })],
  ['stats', stats<(typeof values)[number]>({ of: 'score', exactUpTo: 100 })],
])('a reduction on threads gives what it gives here: %s', async (_, aggregation) => {
  type State = ReturnType<typeof aggregation.init>;
  const made = aggregation as never as ReturnType<typeof merge>;
  const spec = aggregation.spec!;
  const here = new Reduction<unknown, never>({ partItems: 16, fanIn: 3 });
  const there = new Reduction<unknown, State>({ partItems: 16, fanIn: 3 });

  const send = async (steps: readonly ReduceStep<unknown, State>[]): Promise<void> => {
    await Promise.all(
      steps.map(async (step) => {
        const work =
          step.kind === 'parts' ? { parts: step.parts } : { accumulators: step.combination.children };
        await send(there.done(step, (await engine.run('aggregate', { spec, ...work })) as State));
      }),
    );
  };
  await Promise.all([
    ...values.map((value, index) => send(there.add(index, value))),
    send(there.end(values.length)),
  ]);

  for (const [index, value] of values.entries())
    takeSteps(made, here as never, here.add(index, value) as never);
  takeSteps(made, here as never, here.end(values.length) as never);
  const root = there.accumulatorOf(aggregation as never) as State;
  const finished = await engine.run('aggregate', { spec, accumulators: [root], finish: true });
  expect(finished).toEqual(here.finish(made as never));
});

test('an item that cannot be taken in is named across threads', async () => {
  const { spec } = stats();
  const work = { spec: spec!, parts: [{ from: 40, values: [1, 2, 'three'] }] };
  await expect(engine.run('aggregate', work)).rejects.toMatchObject({
    code: 'HANDLER_FAILED',
    cause: {
      name: 'AggregationError',
      code: 'AGGREGATION_FAILED',
      index: 42,
      message: expect.stringContaining('aggregation "stats", item 42: TypeError: expected a number'),
    },
  });
});
