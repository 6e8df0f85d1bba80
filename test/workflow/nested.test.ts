import { describe, expect, onTestFinished, test } from 'vitest';
import { ioAgent, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';

let calls = 0;
const paid = ioAgent('paid', {
  run: async (n: number, ctx) => {
    await ctx.usage({ costUsd: 1 });
    if (n === 2) throw new Error('not two');
    return n;
  },
});

async function start(
  definition: Parameters<Awaited<ReturnType<typeof engineOf>>['start']>[0],
  input?: unknown,
) {
  calls = 0;
  const engine = await engineOf([paid]);
  onTestFinished(() => engine.close());
  return engine.start(definition, input);
}

const inner = workflow('inner')
  .map('pay', { over: ({ input }) => input as number[], agent: 'paid', onFailure: 'skip' })
  .build();

describe('a workflow in a workflow', () => {
  test('that ends as partial tells its errors with their path, and its tasks and costs count', async () => {
    const outer = workflow('outer')
      .step('one', { workflow: inner, input: () => [1, 2] })
      .map('many', { over: () => [[2], [3]], workflow: inner, input: (items) => items, minSuccess: 0 })
      .build();
    const { status, errors, metadata } = await (await start(outer)).result();
    expect(status).toBe('partial');
    expect(errors.map(({ step, item, code }) => [step, item, code])).toEqual(
      expect.arrayContaining([
        ['one/pay', 1, 'HANDLER_FAILED'],
        ['many/0/pay', 0, 'HANDLER_FAILED'],
      ]),
    );
    expect(errors).toHaveLength(2);
    expect(metadata).toMatchObject({ tasks: 4, agents: ['paid'], cost: { costUsd: 4 } });
  });

  test('that fails is tried again as a new run, and what it has cost counts all the same', async () => {
    const flaky = workflow('flaky')
      .step('pay', { agent: 'paid', input: () => 1 })
      .step('check', {
        after: 'pay',
        run: () => {
          if (++calls < 3) throw new Error('not yet');
          return calls;
        },
      })
      .build();
    const outer = workflow('outer')
      .step('try', { workflow: flaky, retry: { attempts: 3, backoffMs: 0 } })
      .build();
    const run = await start(outer);
    expect(await run.result()).toMatchObject({
      status: 'success',
      data: { try: { check: 3 } },
      errors: [],
      metadata: { tasks: 3, retries: 2, cost: { costUsd: 3 } },
    });
  });

  test('fails the step with the first of its errors, and says what to do as that does', async () => {
    const bad = workflow('bad')
      .map('pay', { over: () => 5 as never, agent: 'paid' })
      .build();
    const outer = workflow('outer').step('one', { workflow: bad }).build();
    const { errors } = await (await start(outer)).result();
    expect(errors).toMatchObject([
      {
        step: 'one',
        code: 'STEP_FAILED',
        message: expect.stringContaining('workflow "bad" failed: pay: over of step'),
      },
    ]);
  });

  test('is cancelled when it takes longer than timeoutMs', async () => {
    const slow = workflow('slow').wait('never', { signal: 'never' }).build();
    const outer = workflow('outer').step('one', { workflow: slow, timeoutMs: 5 }).build();
    const run = await start(outer);
    const { errors } = await run.result();
    expect(errors).toMatchObject([
      { step: 'one', code: 'TIMEOUT', message: 'workflow "slow" of step "one" did not end within 5 ms' },
    ]);
  });

  test('tells what it could not undo', async () => {
    const saga = workflow('saga')
      .step('buy', {
        run: () => 'bought',
        compensate: () => {
          throw new Error('sold out');
        },
      })
      .step('ship', {
        after: 'buy',
        run: () => {
          throw new Error('no truck');
        },
      })
      .build();
    const outer = workflow('outer').step('order', { workflow: saga }).build();
    const { needsAttention } = await (await start(outer)).result();
    expect(needsAttention).toMatchObject([{ step: 'order/buy', code: 'NOT_COMPENSATED' }]);
  });
});
