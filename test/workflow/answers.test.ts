import { describe, expect, onTestFinished, test } from 'vitest';
import { type Workflow, type WorkflowRun, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';

async function runOf(definition: Workflow): Promise<WorkflowRun> {
  const engine = await engineOf([]);
  onTestFinished(() => engine.close());
  return engine.start(definition, undefined);
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('what a person answers', () => {
  test('stands for an item, tries it again, or refuses it', async () => {
    let tries = 0;
    const definition = workflow('parked items')
      .map('all', {
        over: () => upTo(3),
        onFailure: 'escalate',
        minSuccess: 0.5,
        run: async (n: number) => {
          if (n === 1 && ++tries > 1) return 'again';
          throw new Error(`no ${n}`);
        },
      })
      .build();
    const run = await runOf(definition);
    let parked = 0;
    for await (const { type } of run.events()) {
      if (type !== 'item-parked' || ++parked < 3) continue;
      await run.answer('all', { value: 'given' }, 0);
      await run.answer('all', { retry: true }, 1);
      await run.answer('all', { refuse: 'not worth it' }, 2);
      await expect(run.answer('all', { value: 1 }, 0)).rejects.toMatchObject({
        code: 'WORKFLOW_STATE',
        message: 'item 0 of step "all" is not parked: there is nothing to answer',
      });
    }
    const { status, data, errors } = await run.result();
    expect(status).toBe('partial');
    expect(data).toMatchObject({ all: ['given', 'again', { $missing: { item: 2, code: 'STEP_REFUSED' } }] });
    expect(errors).toMatchObject([{ item: 2, code: 'STEP_REFUSED', retryable: false }]);
  });

  test.each([
    [{ value: 5 }, 'success', 5],
    [{ retry: true }, 'success', 'second'],
    [{ refuse: 'no' }, 'failed', undefined],
  ] as const)('to a step that is parked: %j', async (answer, status, value) => {
    let tries = 0;
    const definition = workflow('parked')
      .step('ask', {
        onFailure: 'escalate',
        run: () => {
          if (++tries === 2) return 'second';
          throw new Error('first');
        },
      })
      .build();
    const run = await runOf(definition);
    for await (const { type } of run.events()) if (type === 'step-parked') await run.answer('ask', answer);
    const result = await run.result();
    expect(result.status).toBe(status);
    if (value !== undefined) expect(result.data).toEqual({ ask: value });
    else
      expect(result.errors).toMatchObject([{ code: 'STEP_REFUSED', message: 'step "ask" was refused: no' }]);
  });

  test.each([
    ['fail', 'failed', { $missing: { code: 'DEPENDENCY_FAILED' } }],
    ['escalate', 'failed', { $missing: { code: 'DEPENDENCY_FAILED' } }],
    ['skip', 'partial', { $missing: { code: 'STEP_REFUSED' } }],
    [{ value: 'the usual' }, 'partial', 'the usual'],
  ] as const)(
    'that refuses counts as a failure: what onFailure %j says is done',
    async (onFailure, status, next) => {
      const definition = workflow('refused')
        .wait('ask', { approval: 'May I?', onFailure, retry: { attempts: 3 } })
        .step('next', { after: 'ask', run: (answer) => answer })
        .build();
      const run = await runOf(definition);
      for await (const { type } of run.events()) {
        if (type === 'step-parked') await run.answer('ask', { refuse: 'not today' });
      }
      const result = await run.result();
      expect(result).toMatchObject({ status, data: { next } });
      expect(result.errors).toMatchObject([{ step: 'ask', code: 'STEP_REFUSED' }]);
    },
  );

  test('that refuses leaves a map whose items cannot be had failed, whatever stands in for an item', async () => {
    const definition = workflow('refused map')
      .map('all', { over: () => 5 as never, onFailure: 'escalate', run: (n: number) => n })
      .build();
    const run = await runOf(definition);
    for await (const { type } of run.events()) {
      if (type === 'step-parked') await run.answer('all', { refuse: 'no items' });
    }
    expect(await run.result()).toMatchObject({
      status: 'failed',
      errors: [{ step: 'all', code: 'STEP_REFUSED' }],
    });
  });

  test.each([[undefined], [{}], [{ retry: false }], [{ refuse: 5 }], [{ value: 1, retry: true }]])(
    'is no nonsense such as %j',
    async (answer) => {
      const definition = workflow('nonsense').wait('ask', { approval: 'May I?' }).build();
      const run = await runOf(definition);
      for await (const { type } of run.events()) {
        if (type !== 'step-parked') continue;
        await expect(run.answer('ask', answer as never)).rejects.toMatchObject({
          code: 'WORKFLOW_STATE',
          message: expect.stringContaining("expected { value }, { retry: true } or { refuse: 'why' }, got "),
        });
        await run.answer('ask', { value: 'yes' });
      }
      expect((await run.result()).data).toEqual({ ask: 'yes' });
    },
  );
});
