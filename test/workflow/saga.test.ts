import { describe, expect, test } from 'vitest';
import { MemoryStore, workflow } from '../../src/index.ts';
import { settleable } from '../../src/workflow/settleable.ts';
import { engineWith, GatedAgent } from './gated-agent.ts';

const fails = (): never => {
  throw new Error('sold out');
};

/** What is undone, in order. */
function undoing() {
  const undone: string[] = [];
  const undo =
    (name: string) =>
    ({ output }: { readonly output: unknown }) =>
      void undone.push(`${name} ${String(output)}`);
  return { undone, undo };
}

describe('a saga', () => {
  test('undoes in the reverse order of dependencies, side by side where nothing depends', async () => {
    const undo = new GatedAgent();
    const step = (name: string) => ({
      run: () => name,
      compensate: { agent: 'undo', input: ({ output }: { readonly output: unknown }) => output },
    });
    const definition = workflow('saga')
      .step('flight', step('flight'))
      .step('hotel', { after: 'flight', ...step('hotel') })
      .step('car', { after: 'flight', ...step('car') })
      .step('pay', { after: ['hotel', 'car'], run: fails })
      .build();
    const engine = await engineWith([undo.agent('undo')]);
    const run = await engine.start(definition, 0);
    await undo.called(2);
    expect(run.state).toBe('compensating');
    expect(undo.inputs).toEqual(['car', 'hotel']);
    undo.calls[1]!.finish();
    undo.calls[0]!.finish();
    await undo.called(3);
    undo.calls[2]!.finish();
    expect(undo.inputs).toEqual(['car', 'hotel', 'flight']);
    expect(await run.result()).toMatchObject({
      status: 'failed',
      needsAttention: [],
      errors: [{ step: 'pay', code: 'STEP_FAILED' }],
      metadata: { agents: ['undo'], tasks: 3 },
    });
  });

  test('undoes what completed before the run was cancelled, and what completes in spite of that', async () => {
    const pay = new GatedAgent();
    const { undone, undo } = undoing();
    const definition = workflow('saga')
      .step('book', { run: () => 'room', compensate: undo('book') })
      .step('pay', { after: 'book', agent: 'pay', compensate: undo('pay') })
      .step('mail', { after: 'pay', run: () => 'mail', compensate: undo('mail') })
      .build();
    const engine = await engineWith([pay.agent('pay')]);
    const run = await engine.start(definition, 0);
    await pay.called(1);
    expect(await run.cancel()).toEqual({ steps: ['pay', 'mail'], items: 0, dependents: [] });
    expect(pay.calls[0]!.signal.aborted).toBe(false);
    pay.calls[0]!.finish('receipt');
    expect((await run.result()).status).toBe('failed');
    expect(undone).toEqual(['pay receipt', 'book room']);
    expect([run.step('pay'), run.step('mail')]).toEqual(['succeeded', 'cancelled']);
  });

  test('a function that cannot be cancelled is waited for, and undone', async () => {
    const late = settleable<string>();
    const { undone, undo } = undoing();
    const definition = workflow('saga')
      .step('f', { run: () => late.promise, compensate: undo('f') })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    await run.cancel();
    late.resolve('late');
    await run.result();
    expect(undone).toEqual(['f late']);
  });

  test('what cannot be undone is listed, and the others are undone all the same', async () => {
    const { undone, undo } = undoing();
    let tries = 0;
    const definition = workflow('saga')
      .step('a', { run: () => 'a', compensate: undo('a') })
      .step('b', {
        after: 'a',
        agent: 'b',
        compensate: { agent: 'unwilling', retry: { attempts: 3, backoffMs: 0 } },
      })
      .step('c', { after: 'b', run: fails })
      .build();
    const unwilling = new GatedAgent();
    const b = new GatedAgent();
    const engine = await engineWith([unwilling.agent('unwilling'), b.agent('b')]);
    const run = await engine.start(definition, 0);
    await b.called(1);
    b.finishAll();
    while (tries < 3) {
      await unwilling.called(++tries);
      unwilling.calls[tries - 1]!.fail(new Error('no refunds'));
    }
    const { needsAttention, metadata } = await run.result();
    expect(needsAttention).toEqual([
      expect.objectContaining({
        step: 'b',
        code: 'NOT_COMPENSATED',
        message: expect.stringMatching(/could not be undone in 3 attempts: .*no refunds/),
        suggestion: expect.stringContaining('by hand'),
      }),
    ]);
    expect(undone).toEqual(['a a']);
    expect(metadata).toMatchObject({ tasks: 4, retries: 2 });
  });

  test('of a run that goes on in spite of failures is undone if it gave nothing, and kept if it gave something', async () => {
    const { undone, undo } = undoing();
    const builder = workflow('saga', { onError: 'continue' })
      .step('a', { run: () => 'a', compensate: undo('a') })
      .step('b', { after: 'a', run: fails });
    const engine = await engineWith([]);
    expect((await (await engine.start(builder.build(), 0)).result()).status).toBe('failed');
    expect(undone).toEqual(['a a']);
    const other = await engineWith([]);
    const partial = await other.start(builder.step('c', { after: 'a', run: () => 'c' }).build(), 0);
    expect((await partial.result()).status).toBe('partial');
    expect(undone).toEqual(['a a']);
  });

  test('undoes a map once, with its outputs; one that did not succeed with those it has got', async () => {
    const undone: unknown[] = [];
    const definition = (more: () => unknown) =>
      workflow('saga')
        .map('m', {
          over: ({ input }) => input as number[],
          run: (item) => {
            if (item === 0) throw new Error('nothing');
            return item;
          },
          concurrency: 1,
          compensate: ({ output }) => void undone.push(output),
        })
        .step('more', { after: 'm', run: more })
        .build();
    const first = await engineWith([]);
    await (await first.start(definition(fails), [1, 2])).result();
    expect(undone).toEqual([[1, 2]]);
    const second = await engineWith([]);
    await (await second.start(definition(fails), [1, 0, 3])).result();
    expect(undone[1]).toEqual([1, { $missing: expect.objectContaining({ item: 1 }) }, expect.anything()]);
  });

  test('undoes nothing twice over a restart', async () => {
    const journal = new MemoryStore();
    const undo = new GatedAgent();
    const step = (name: string) => ({
      run: () => name,
      compensate: { agent: 'undo', input: ({ output }: { readonly output: unknown }) => output },
    });
    const definition = workflow('saga')
      .step('a', step('a'))
      .step('b', { after: 'a', ...step('b') })
      .step('c', { after: 'b', ...step('c') })
      .step('d', { after: 'c', run: fails })
      .build();
    const first = await engineWith([undo.agent('undo')], { journal });
    const run = await first.start(definition, 0, { id: 'run-1' });
    await undo.called(1);
    undo.calls[0]!.finish();
    await undo.called(2);
    const closed = first.close();
    undo.calls[1]!.finish();
    await closed;
    // It was undone while the engine closed; the one before it was not begun any more.
    expect(undo.inputs).toEqual(['c', 'b']);
    await expect(run.result()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    const second = await engineWith([undo.agent('undo')], { journal });
    const again = await second.start(definition, 0, { id: 'run-1' });
    await undo.called(3);
    undo.calls[2]!.finish();
    expect(await again.result()).toMatchObject({ status: 'failed', needsAttention: [] });
    expect(undo.inputs).toEqual(['c', 'b', 'a']);
  });

  test('says what was under way when its engine ended, as nobody knows whether that was done', async () => {
    const journal = new MemoryStore();
    const pay = new GatedAgent();
    const { undone, undo } = undoing();
    const definition = workflow('saga')
      .step('book', { run: () => 'room', compensate: undo('book') })
      .step('pay', { after: 'book', agent: 'pay', compensate: undo('pay') })
      .build();
    const first = await engineWith([pay.agent('pay')], { journal });
    const run = await first.start(definition, 0, { id: 'run-1' });
    await pay.called(1);
    await run.cancel();
    await first.close({ timeoutMs: 1 });
    const second = await engineWith([pay.agent('pay')], { journal });
    const again = await second.start(definition, 0, { id: 'run-1' });
    const { status, needsAttention } = await again.result();
    expect(status).toBe('failed');
    expect(needsAttention).toEqual([
      expect.objectContaining({ step: 'pay', message: expect.stringContaining('is not known') }),
    ]);
    expect(undone).toEqual(['book room']);
    expect(pay.calls.length).toBe(1);
  });
});
