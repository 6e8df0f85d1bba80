import { describe, expect, test, vi } from 'vitest';
import {
  MemoryStore,
  type Workflow,
  type WorkflowEvent,
  type WorkflowRun,
  workflow,
} from '../../src/index.ts';
import { engineWith, GatedAgent } from './gated-agent.ts';

const inner = workflow('inner').step('a', { agent: 'gate' }).step('b', { after: 'a', agent: 'gate' }).build();
/** One run in a step, one in each of two items, and one in a turn. */
const outer = workflow('outer')
  .step('one', { workflow: inner, input: () => 'one' })
  .map('many', { over: () => ['many 0', 'many 1'], workflow: inner })
  .loop('again', { workflow: inner, input: () => 'again', until: () => true })
  .build();
const NESTED = ['r/one', 'r/many/0', 'r/many/1', 'r/again/0'];

async function underWay(definition: Workflow = outer, calls = 4) {
  const gate = new GatedAgent();
  const journal = new MemoryStore();
  const engine = await engineWith([gate.agent('gate')], { journal });
  const run = await engine.start(definition, 0, { id: 'r' });
  await gate.called(calls);
  const nested = NESTED.flatMap((id) => engine.workflowRun(id) ?? []);
  return { gate, journal, engine, run, nested };
}

async function until(run: WorkflowRun, type: string, step?: string): Promise<void> {
  for await (const event of run.events()) {
    if (event.type === type && (step === undefined || ('step' in event && event.step === step))) return;
  }
}

const statesOf = (runs: readonly WorkflowRun[]) => runs.map(({ state }) => state);
const all = (state: string) => NESTED.map(() => state);

describe('the runs inside of a run', () => {
  test('are paused and resumed with it: what they run ends, and nothing follows', async () => {
    const { gate, run, nested } = await underWay();
    await run.pause();
    for (const one of nested) await until(one, 'run-paused');
    gate.finishAll();
    for (const one of nested) await until(one, 'step-succeeded', 'a');
    expect(statesOf([run, ...nested])).toEqual(['paused', ...all('paused')]);
    expect(gate.calls).toHaveLength(4);
    await run.resume();
    await gate.called(8);
    gate.finishAll();
    expect((await run.result()).status).toBe('success');
    expect(statesOf(nested)).toEqual(all('ended'));
  });

  test('are stopped with it: it waits for the tasks that they run, and goes on with them where they were', async () => {
    const { gate, run, nested } = await underWay();
    let isStopped = false;
    const stopped = run.stop().then(() => {
      isStopped = true;
    });
    for (const one of nested) await until(one, 'run-stopping');
    expect([run.state, isStopped]).toEqual(['stopping', false]);
    gate.finishAll();
    await stopped;
    expect(statesOf([run, ...nested])).toEqual(['stopped', ...all('stopped')]);
    expect(gate.calls).toHaveLength(4);
    await run.resume();
    await gate.called(8);
    gate.finishAll();
    expect(await run.result()).toMatchObject({ status: 'success', metadata: { tasks: 8, retries: 0 } });
    expect(gate.calls).toHaveLength(8);
  });

  test('are stopped as well when they were paused, and all go on together', async () => {
    const { gate, run, nested } = await underWay();
    await run.pause();
    for (const one of nested) await until(one, 'run-paused');
    const stopped = run.stop();
    gate.finishAll();
    await stopped;
    expect(statesOf(nested)).toEqual(all('stopped'));
    await run.resume();
    await gate.called(8);
    gate.finishAll();
    expect((await run.result()).status).toBe('success');
  });

  test('take no place of what goes on after a stop, even if there is only one', async () => {
    const narrow = workflow('narrow', { concurrency: 1 })
      .step('one', { workflow: inner })
      .step('next', { after: 'one', agent: 'gate' })
      .build();
    const { gate, run } = await underWay(narrow, 1);
    const stopped = run.stop();
    gate.finishAll();
    await stopped;
    await run.resume();
    for (const calls of [2, 3]) {
      await gate.called(calls);
      gate.finishAll();
    }
    expect((await run.result()).status).toBe('success');
    expect(gate.calls).toHaveLength(3);
  });

  test('go on with it on another engine, each from where it stood', async () => {
    const { gate, journal, engine, run } = await underWay();
    const stopped = run.stop();
    gate.finishAll();
    const token = await stopped;
    await engine.close();
    const second = new GatedAgent();
    const other = await engineWith([second.agent('gate')], { journal });
    const again = await other.resume(outer, token);
    await second.called(4);
    second.finishAll();
    expect(await again.result()).toMatchObject({ status: 'success', metadata: { tasks: 8 } });
    expect([gate.calls.length, second.calls.length]).toEqual([4, 4]);
  });

  test('that wait for somebody do not keep it from stopping', async () => {
    const asking = workflow('asking').wait('ask', { approval: 'May I?' }).build();
    const two = workflow('two')
      .step('deep', { workflow: workflow('mid').step('ask', { workflow: asking }).build() })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(two, 0, { id: 'r' });
    await until(run, 'step-started');
    const token = await run.stop();
    expect([run.state, typeof token]).toEqual(['stopped', 'string']);
    await run.resume();
    await until(engine.workflowRun('r/deep')!, 'step-started');
    const deepest = engine.workflowRun('r/deep/ask')!;
    await until(deepest, 'step-parked');
    await deepest.answer('ask', { value: 'you may' });
    expect((await run.result()).data).toEqual({ deep: { ask: { ask: 'you may' } } });
  });

  test('stand in its status: of items and turns those under way, of a step the last one', async () => {
    const { gate, run, nested: runs } = await underWay();
    for (const one of runs) await until(one, 'step-started', 'a');
    const nested = () =>
      run
        .status()
        .steps.map(({ nested }) => nested.map(({ item, status }) => [item, status.run, status.state]));
    expect(nested()).toEqual([
      [[undefined, 'r/one', 'running']],
      [
        [0, 'r/many/0', 'running'],
        [1, 'r/many/1', 'running'],
      ],
      [[0, 'r/again/0', 'running']],
    ]);
    gate.finishAll();
    await gate.called(8);
    gate.finishAll();
    await run.result();
    expect(nested()).toEqual([[[undefined, 'r/one', 'ended']], [], []]);
  });

  test('are cancelled with it', async () => {
    const { gate, run, nested } = await underWay();
    await run.cancel();
    expect((await run.result()).status).toBe('failed');
    expect(statesOf(nested)).toEqual(all('ended'));
    expect(gate.calls.map(({ signal }) => signal.aborted)).toEqual([true, true, true, true]);
  });

  test.each([
    [
      { agents: ['gate'] },
      ['one/a', 'one/b', 'many/0/a', 'many/0/b', 'many/1/a', 'many/1/b', 'again/0/a', 'again/0/b'],
      [],
    ],
    [{ steps: ['many/1/b', 'one/a'] }, ['one/a', 'many/1/b'], ['one/b']],
    [{ steps: ['many', 'one/b', 'many/0/a'] }, ['many', 'one/b'], []],
    [{ kinds: ['loop'], agents: ['gate'] }, [], []],
    [{ tasks: ['many/1/b', 'one/a'] }, ['one/a', 'many/1/b'], ['one/b']],
  ] as const)('are searched for what is to be cancelled: %j', async (filter, steps, dependents) => {
    const { gate, run, nested } = await underWay();
    for (const one of nested) await until(one, 'step-started', 'a');
    expect(await run.cancel(filter)).toMatchObject({ steps, dependents });
    expect(await run.cancel(filter)).toMatchObject({ steps: [] });
    await run.cancel();
    gate.finishAll();
    await run.result();
  });

  test('do without what was cancelled in them, or fail of it', async () => {
    const { gate, run, nested } = await underWay();
    for (const one of nested) await until(one, 'step-started', 'a');
    await run.cancel({ steps: ['many/0/b'] });
    await run.cancel({ steps: ['one/a'], dependents: 'reassign' });
    gate.finishAll();
    await gate.called(7);
    gate.finishAll();
    const { status, errors } = await run.result();
    expect(status).toBe('partial');
    expect(errors[0]).toMatchObject({ step: 'many', item: 0, code: 'STEP_FAILED' });
    expect([run.step('one'), nested[1]!.step('b'), nested[0]!.step('a')]).toEqual([
      'succeeded',
      'cancelled',
      'skipped',
    ]);
    await expect(run.cancel({ steps: ['nowhere/a'] })).rejects.toThrow('has no step "nowhere"');
  });

  test('that undo what they did are not stopped: the run waits for them', async () => {
    const undo = new GatedAgent();
    const gate = new GatedAgent();
    const saga = workflow('saga')
      .step('buy', { run: () => 1, compensate: { agent: 'undo' } })
      .step('ship', { after: 'buy', run: () => Promise.reject(new Error('no truck')) })
      .build();
    const engine = await engineWith([gate.agent('gate'), undo.agent('undo')]);
    const run = await engine.start(workflow('orders').step('order', { workflow: saga }).build(), 0, {
      id: 'r',
    });
    await undo.called(1);
    const stopped = run.stop();
    await until(run, 'run-stopping');
    undo.finishAll();
    await stopped;
    expect([run.state, run.step('order')]).toEqual(['ended', 'failed']);
  });

  const saga = workflow('saga')
    .step('buy', { run: () => 1, compensate: { agent: 'undo' } })
    .wait('paid', { after: 'buy', signal: 'paid' })
    .build();
  async function* three() {
    yield* [0, 1, 2];
  }
  const many = { workflow: saga, concurrency: 2 } as const;
  test.each([
    ['of a step', workflow('orders').step('order', { workflow: saga }).build(), ['r/order']],
    [
      'of a map',
      workflow('orders')
        .map('order', { over: () => [0, 1, 2], ...many })
        .build(),
      ['r/order/0', 'r/order/1'],
    ],
    [
      'of a map that is pulled',
      workflow('orders')
        .map('order', { over: three, ...many })
        .build(),
      ['r/order/0', 'r/order/1'],
    ],
    [
      'of a loop',
      workflow('orders')
        .loop('order', { workflow: saga, until: () => true })
        .build(),
      ['r/order/0'],
    ],
  ])('that were undoing what they did when the process died go on with that: %s', async (_, orders, ids) => {
    const journal = new MemoryStore<WorkflowEvent>();
    const undo = new GatedAgent();
    const engine = await engineWith([undo.agent('undo')], { journal });
    const run = await engine.start<unknown, unknown>(orders as Workflow, 0, { id: 'r' });
    await until(run, 'step-started');
    for (const id of ids) {
      await vi.waitUntil(() => engine.workflowRun(id) !== undefined, { timeout: 10_000 });
      await until(engine.workflowRun(id)!, 'step-started', 'paid');
    }
    await run.cancel();
    await undo.called(ids.length);
    // The process dies, and this is what it had kept.
    const kept = new MemoryStore<WorkflowEvent>();
    for (const id of ['r', ...ids]) kept.append(id, 0, [...journal.read(id, 0)]);
    const second = new GatedAgent();
    const other = await engineWith([second.agent('undo')], { journal: kept });
    const again = await other.start<unknown, unknown>(orders as Workflow, 0, { id: 'r' });
    await second.called(ids.length);
    expect(again.state).not.toBe('ended');
    second.finishAll();
    const { status, needsAttention } = await again.result();
    expect([status, needsAttention]).toEqual(['failed', []]);
    for (const id of ids) expect((await other.workflowRun(id)!.result()).compensated).toEqual(['buy']);
    // What had not begun is not begun in order to be undone.
    expect(kept.version('r/order/2')).toBe(0);
    expect(second.calls).toHaveLength(ids.length);
  });

  test('do not keep an engine from closing, and are left where they are', async () => {
    const { gate, journal, engine, run } = await underWay();
    const closed = engine.close({ timeoutMs: 3_600_000 });
    gate.finishAll();
    await closed;
    const { resumeToken } = (await run.result().catch((error: unknown) => error)) as { resumeToken: string };
    const second = new GatedAgent();
    const other = await engineWith([second.agent('gate')], { journal });
    const again = await other.resume(outer, resumeToken);
    await second.called(4);
    second.finishAll();
    expect((await again.result()).status).toBe('success');
  });
});
