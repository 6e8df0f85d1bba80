import { expect, onTestFinished, test } from 'vitest';
import { createEngine, isMissing, workflow } from '../../src/index.ts';
import { begun } from './one-process.ts';

const fail = () => {
  throw new Error('no');
};

test('a map of functions that return at once may be long', async () => {
  const one = await begun(
    workflow('long')
      .map('items', {
        over: () => Array.from({ length: 20_000 }, (_, item) => item),
        run: (item: number) => item,
      })
      .build(),
  );
  await one.pass(1);
  const { data, status } = await one.live.handle.result();
  expect(status).toBe('success');
  expect(data).toMatchObject({ items: expect.objectContaining({ length: 20_000 }) });
});

const never = new Promise<never>(() => undefined);

test('a map that has enough keeps what ended beyond a gap', async () => {
  const one = await begun(
    workflow('gap')
      .map('items', {
        // How many there are is never known.
        over: async function* () {
          yield* [0, 1, 2, 3];
          await never;
        },
        run: (item: number) => (item === 1 ? new Promise<number>(() => undefined) : Promise.resolve(item)),
        enough: { count: 3 },
      })
      .build(),
  );
  await one.pass(1);
  const { items } = (await one.live.handle.result()).data as { items: readonly unknown[] };
  expect(items.map((value) => (isMissing(value) ? 'missing' : value))).toEqual([0, 'missing', 2, 3]);
});

test('items that are tried again, and steps with a slow condition, wait for a place', async () => {
  const one = await begun(
    workflow('places', { concurrency: 1 })
      .map('items', { over: () => [0, 1, 2], agent: 'ada', retry: { attempts: 5, backoffMs: 1 } })
      .step('a', { agent: 'bob', when: async () => true })
      .step('b', { agent: 'cyd', when: async () => true })
      .build(),
    { faults: { failed: 0.4 } },
  );
  await one.pass(1_000);
  expect(one.live.handle.state).toBe('ended');
  expect(one.process.engine.mostUnderWay.get('places')).toBe(1);
});

test('one signal lets one step go on', async () => {
  const one = await begun(
    workflow('signals').wait('a', { signal: 'go' }).wait('b', { signal: 'go' }).build(),
  );
  await one.live.handle.signal('go', 1);
  expect([one.live.handle.step('a'), one.live.handle.step('b')].sort()).toEqual(['running', 'succeeded']);
  await one.live.handle.signal('go', 2);
  await one.pass(1);
  expect(Object.values((await one.live.handle.result()).data as object).sort()).toEqual([1, 2]);
});

test('a reduction of a map that was skipped fails, and says why', async () => {
  const one = await begun(
    workflow('skipped')
      .map('items', { over: () => [1], run: (item: number) => item, when: () => false })
      .reduce('sum', { of: 'items', run: (values: readonly unknown[]) => values.length, minSuccess: 0.5 })
      .build(),
  );
  await one.pass(1);
  expect(await one.live.handle.result()).toMatchObject({
    status: 'failed',
    errors: [
      {
        step: 'sum',
        code: 'TOO_FEW_SUCCEEDED',
        message: expect.stringContaining('its condition did not hold'),
      },
    ],
  });
});

test('tasks of steps that were skipped, cancelled and undone are counted', async () => {
  const one = await begun(
    workflow('counted', { onError: 'stop' })
      .step('done', { agent: 'ada', compensate: { agent: 'bob' } })
      .step('stopped', { after: 'done', agent: 'cyd' })
      .build(),
  );
  await one.pass(10);
  await one.pass(0);
  if (one.live.handle.step('stopped') === 'running') await one.live.handle.cancel();
  await one.pass(100);
  const { metadata } = await one.live.handle.result();
  expect(metadata.tasks).toBe(one.process.engine.ended.get('counted'));
});

test('a step that runs a workflow runs it again when it is tried again', async () => {
  let calls = 0;
  const engine = await createEngine({ agents: [] });
  onTestFinished(() => engine.close({ timeoutMs: 1 }));
  const child = workflow('child')
    .step('only', {
      run: () => {
        if (++calls < 2) throw new Error('not yet');
        return calls;
      },
    })
    .build();
  const parent = workflow('parent')
    .step('nested', { workflow: child, retry: { attempts: 2, backoffMs: 0 } })
    .build();
  const run = await engine.start(parent, undefined);
  expect(await run.result()).toMatchObject({ status: 'success', data: { nested: { only: 2 } } });
});

test('an answer to a wait that somebody is asked about leaves its signal to the next one', async () => {
  const one = await begun(
    workflow('late')
      .wait('a', { signal: 'go', timeoutMs: 5, onFailure: 'escalate' })
      .wait('b', { signal: 'go', after: 'a' })
      .build(),
  );
  await one.pass(5);
  expect(one.live.handle.step('a')).toBe('parked');
  await one.live.handle.signal('go', 'sent');
  await one.live.handle.answer('a', { value: 'answered' });
  await one.pass(1);
  expect(await one.live.handle.result()).toMatchObject({ status: 'success', data: { b: 'sent' } });
});

test('no more steps are undone at once than may be under way', async () => {
  const one = await begun(
    workflow('undone', { concurrency: 1, onError: 'stop' })
      .step('a', { agent: 'ada', compensate: { agent: 'bob' } })
      .step('b', { agent: 'ada', compensate: { agent: 'bob' } })
      .step('c', { after: ['a', 'b'], run: fail })
      .build(),
  );
  await one.pass(100);
  expect(one.told.filter((told) => told.startsWith('step-compensated'))).toHaveLength(2);
  expect(one.process.engine.mostUnderWay.get('undone')).toBe(1);
});

test('the items of a map are counted once', async () => {
  const one = await begun(
    workflow('counted-once')
      .map('items', { over: () => [1, 2], run: (item: number) => item })
      .build(),
  );
  await one.pass(1);
  expect(one.told.filter((told) => told === 'items-counted items')).toHaveLength(1);
});

test('what a map had got before it was parked is undone when the run fails', async () => {
  let undone: unknown;
  const one = await begun(
    workflow('parked-map')
      .map('items', {
        over: function* () {
          yield* [1, 2];
          throw new Error('no more');
        },
        run: (item: number) => item,
        onFailure: 'escalate',
        compensate: ({ output }) => {
          undone = output;
        },
      })
      .build(),
  );
  await one.pass(1);
  expect(one.live.handle.step('items')).toBe('parked');
  await one.live.handle.cancel();
  await one.pass(1);
  expect(undone).toEqual([1, 2]);
});

test('a reduction that folds takes what a person gave in the place of its map', async () => {
  const folded = (value: unknown) =>
    begun(
      workflow('given')
        .map('items', {
          over: (): number[] => {
            throw new Error('no items');
          },
          run: (item: number) => [item],
          onFailure: 'escalate',
        })
        .reduce('all', { of: 'items', run: (values: readonly number[][]) => values.flat(), fanIn: 2 })
        .build(),
    ).then(async (one) => {
      await one.pass(1);
      await one.live.handle.answer('items', { value });
      await one.pass(1);
      return one.live.handle.result();
    });
  expect(await folded([[1], [2], [3]])).toMatchObject({ status: 'success', data: { all: [1, 2, 3] } });
  expect(await folded('three')).toMatchObject({
    status: 'failed',
    errors: [{ step: 'all', message: 'step "all" expected outputs of "items": got \'three\'' }],
  });
});
