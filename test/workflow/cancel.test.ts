import { describe, expect, test } from 'vitest';
import { ioAgent, workflow } from '../../src/index.ts';
import { engineWith, GatedAgent } from './gated-agent.ts';

/** Steps of every kind that can be told apart, under way; `after` needs all. */
async function underWay() {
  const gate = new GatedAgent();
  const other = new GatedAgent();
  const able = ioAgent('able', {
    capabilities: ['think'],
    limit: 10,
    run: () => new Promise(() => undefined),
  });
  const definition = workflow('kinds')
    .step('task', { agent: 'gate', priority: 'high' })
    .step('other', { agent: 'other', priority: 'low' })
    .step('think', { capability: 'think' })
    .map('map', { over: () => [1, 2, 3, 4], agent: 'gate', concurrency: 3 })
    .wait('wait', { signal: 'go' })
    .step('after', { after: ['task', 'other'], run: (all) => all })
    .step('later', { after: 'after', run: () => 'later' })
    .build();
  const engine = await engineWith([gate.agent('gate'), other.agent('other'), able]);
  const run = await engine.start(definition, 0);
  await gate.called(4);
  await other.called(1);
  return { run, gate, other };
}

describe('cancelling steps', () => {
  test.each([
    [{ steps: ['other'] }, ['other'], 0, ['after', 'later']],
    [{ agents: ['gate'] }, ['task', 'map'], 4, ['after', 'later']],
    [{ capabilities: ['think'] }, ['think'], 0, []],
    [{ kinds: ['wait', 'map'] }, ['map', 'wait'], 4, []],
    [{ priority: { from: 1 } }, ['task'], 0, ['after', 'later']],
    [{ priority: { to: -1 } }, ['other'], 0, ['after', 'later']],
    [{ agents: ['gate'], kinds: ['task'] }, ['task'], 0, ['after', 'later']],
    [{ tasks: ['map/0', 'map/2'] }, [], 2, []],
    [{ tasks: ['other', 'map/1'] }, ['other'], 1, ['after', 'later']],
    [{ steps: ['other'], dependents: 'reassign' }, ['other'], 0, ['after']],
    [{ agents: ['nobody'] }, [], 0, []],
  ] as const)('%j tells what it has cancelled', async (filter, steps, items, dependents) => {
    const { run } = await underWay();
    expect(await run.cancel(filter)).toEqual({ steps, items, dependents });
    // It is told that they end; that they have ended comes with their events.
    const left = new Set<string>(steps);
    if (left.size > 0) {
      for await (const { step, item, status } of run.results()) {
        if (item === undefined && (status === 'cancelled' || status === 'skipped')) left.delete(step);
        if (left.size === 0) break;
      }
    }
    expect(await run.cancel(filter)).toMatchObject({ steps: [], items: 0 });
  });

  test('aborts what runs; what needs it is not run, or run without it', async () => {
    for (const dependents of ['cancel', 'reassign'] as const) {
      const { run, gate, other } = await underWay();
      await run.cancel({ steps: ['other'], dependents });
      expect(other.calls[0]!.signal.aborted).toBe(true);
      for await (const { step } of run.results()) if (step === 'other') break;
      gate.finishAll();
      for await (const { step } of run.results()) if (step === 'after') break;
      expect([run.step('other'), run.step('after')]).toEqual(
        dependents === 'cancel' ? ['cancelled', 'skipped'] : ['skipped', 'succeeded'],
      );
    }
  });

  test('keeps what a cancelled map had got out of the result, and marks it as missing', async () => {
    const { run, gate } = await underWay();
    gate.calls[1]!.finish('one');
    for await (const { step, item } of run.results()) if (step === 'map' && item === 0) break;
    await run.cancel({ steps: ['map'] });
    await run.cancel({ steps: ['task', 'other', 'think', 'wait'] });
    const { status, data } = await run.result();
    expect(status).toBe('failed');
    expect(data).toMatchObject({ map: { $missing: { step: 'map', code: 'CANCELLED' } } });
  });

  test('reaches single items: they fail, are not tried again, and the map goes on without them', async () => {
    const gate = new GatedAgent();
    const engine = await engineWith([gate.agent('gate')]);
    const definition = workflow('items')
      .map('all', {
        over: () => [0, 1, 2, 3],
        agent: 'gate',
        concurrency: 3,
        onFailure: 'skip',
        retry: { attempts: 5, backoffMs: 3_600_000 },
      })
      .step('next', { after: 'all', run: (all) => all })
      .build();
    const run = await engine.start(definition, 0);
    await gate.called(3);
    gate.calls[2]!.fail(new Error('not now'));
    // Item 2 waits for another try, which leaves room for none: it is open. 3 has not begun.
    expect(await run.cancel({ tasks: ['all/1', 'all/3', 'all/9', 'all/x'] })).toEqual({
      steps: [],
      items: 1,
      dependents: [],
    });
    expect(gate.calls[1]!.signal.aborted).toBe(true);
    await gate.called(4);
    expect(gate.inputs[3]).toBe(3);
    expect(await run.cancel({ tasks: ['all/1', 'all/2'] })).toMatchObject({ items: 1 });
    gate.finishAll();
    const { status, data, errors } = await run.result();
    expect(status).toBe('partial');
    expect(data).toMatchObject({
      next: [
        0,
        { $missing: { item: 1, code: 'CANCELLED' } },
        { $missing: { item: 2, code: 'CANCELLED' } },
        3,
      ],
    });
    expect(errors.map(({ item, code }) => [item, code])).toEqual([
      [1, 'CANCELLED'],
      [2, 'CANCELLED'],
    ]);
  });

  test('of items that wait for another try asks the person who is to be asked, who may want one', async () => {
    const gate = new GatedAgent();
    const engine = await engineWith([gate.agent('gate')]);
    const definition = workflow('asked')
      .map('all', {
        over: () => ['a', 'b'],
        agent: 'gate',
        onFailure: 'escalate',
        retry: { attempts: 2, backoffMs: 3_600_000 },
      })
      .build();
    const run = await engine.start(definition, 0);
    await gate.called(2);
    gate.calls[0]!.fail(new Error('not now'));
    gate.calls[1]!.finish('B');
    for await (const { item } of run.results()) if (item === 1) break;
    expect(await run.cancel({ tasks: ['all/0'] })).toMatchObject({ items: 1 });
    for await (const { type } of run.events()) if (type === 'item-parked') break;
    expect(run.status().parked).toMatchObject([{ step: 'all', item: 0, error: { code: 'CANCELLED' } }]);
    await run.answer('all', { retry: true }, 0);
    await gate.called(3);
    expect(gate.inputs[2]).toBe('a');
    gate.calls[2]!.finish('A');
    expect((await run.result()).data).toEqual({ all: ['A', 'B'] });
  });

  test.each([
    [{ tasks: ['task'], kinds: ['map'] }, 'cancel.kinds: expected nothing beside tasks'],
    [{ tasks: ['gone/1'] }, 'has no step "gone"'],
    [{}, 'expected at least one condition, got none'],
    [{ dependents: 'cancel' }, 'expected at least one condition, got none'],
    [{ step: ['a'] }, 'did you mean "steps"?'],
    [{ steps: ['task'], dependents: 'leave' }, "expected 'cancel' or 'reassign', got 'leave'"],
  ])('%j is refused, and nothing is cancelled', async (filter, message) => {
    const { run } = await underWay();
    await expect(run.cancel(filter as never)).rejects.toThrow(message);
    expect(run.step('task')).toBe('running');
  });

  test('the whole run ends it, whatever is under way, and tells what that was', async () => {
    const { run } = await underWay();
    const told = await run.cancel();
    expect(told.steps).toEqual(['task', 'other', 'think', 'map', 'wait', 'after', 'later']);
    expect((await run.result()).status).toBe('failed');
    expect((await run.cancel()).steps).toEqual([]);
  });

  test('in the turn in which they start ends them, too', async () => {
    const engine = await engineWith([new GatedAgent().agent('gate')]);
    const definition = workflow('soon').step('a', { agent: 'gate' }).step('b', { agent: 'gate' }).build();
    const runs = await Promise.all([1, 2].map((input) => engine.start(definition, input)));
    await runs[0]!.cancel();
    await runs[1]!.cancel({ steps: ['a', 'b'] });
    for (const run of runs) expect((await run.result()).status).toBe('failed');
  });
});

describe('cancelling tasks in bulk', () => {
  /** Both `read`s are under way, and nothing else is. */
  async function reading(id: string) {
    const gate = new GatedAgent();
    const engine = await engineWith([gate.agent('gate')]);
    const definition = workflow('paper')
      .step('read', { agent: 'gate' })
      .map('scan', { over: () => [1, 2, 3], agent: 'gate' })
      .step('merge', { after: ['read', 'scan'], run: () => 'merged' })
      .step('print', { after: 'merge', run: () => 'printed' })
      .step('alone', { run: () => 'free' })
      .build();
    const run = await engine.start(definition, 0, { id, tenant: 'acme' });
    await gate.called(4);
    return { engine, run, gate };
  }

  test('names the steps of each run that need what was cancelled, once', async () => {
    const { engine, run } = await reading('paper-1');
    expect(engine.cancel({ tenant: 'acme' })).toMatchObject({
      total: 4,
      dependents: [{ run: 'paper-1', steps: ['merge', 'print'] }],
    });
    // What it has ended already affects nobody anew.
    expect(engine.cancel({ tenant: 'acme' })).toMatchObject({ total: 0, dependents: [] });
    expect((await run.result()).status).toBe('partial');
    expect([run.step('merge'), run.step('print'), run.step('alone')]).toEqual([
      'skipped',
      'skipped',
      'succeeded',
    ]);
  });

  test('ends them for good, whatever may be tried again: somebody wanted it', async () => {
    const gate = new GatedAgent();
    const engine = await engineWith([gate.agent('gate')]);
    const again = { agent: 'gate', retry: { attempts: 3, backoffMs: 0 } } as const;
    const definition = workflow('paper')
      .step('read', again)
      .map('scan', { over: () => [1], ...again })
      .build();
    const run = await engine.start(definition, 0);
    await gate.called(2);
    expect(engine.cancel({ agent: 'gate' }).total).toBe(2);
    const { errors, metadata } = await run.result();
    expect(errors).toMatchObject([
      { step: 'read', code: 'CANCELLED', retryable: false },
      { step: 'scan', item: 0, code: 'CANCELLED', retryable: false },
      { step: 'scan', code: 'TOO_FEW_SUCCEEDED' },
    ]);
    expect([gate.calls.length, metadata.retries]).toEqual([2, 0]);
  });

  test('leaves out runs of which nothing was cancelled, and tasks of no workflow', async () => {
    const { engine, gate } = await reading('paper-2');
    engine.submit('gate', 'mine', { tags: ['mine'] });
    await gate.called(5);
    expect(engine.cancel({ tag: 'mine' })).toMatchObject({ total: 1, dependents: [] });
    expect(engine.cancel({ where: ({ input }) => input === 2 })).toMatchObject({
      total: 1,
      dependents: [{ run: 'paper-2', steps: ['merge', 'print'] }],
    });
  });

  test('names what waits for a run inside of another, in both', async () => {
    const gate = new GatedAgent();
    const engine = await engineWith([gate.agent('gate')]);
    const inner = workflow('inner')
      .step('fetch', { agent: 'gate' })
      .step('clean', { after: 'fetch', run: (page) => page })
      .build();
    const outer = workflow('outer')
      .map('pages', { over: () => ['a', 'b'], workflow: inner })
      .step('bind', { after: 'pages', run: (pages) => pages })
      .build();
    const run = await engine.start(outer, 0, { id: 'book' });
    await gate.called(2);
    expect(engine.cancel({ agent: 'gate' }).dependents).toEqual([
      { run: 'book/pages/0', steps: ['clean'] },
      { run: 'book', steps: ['bind'] },
      { run: 'book/pages/1', steps: ['clean'] },
    ]);
    await run.result();
  });
});
