import { EventEmitter, once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../src/contract/agent.ts';
import { createEngine, ioAgent, type WorkflowRun, type WorkflowStatus, workflow } from '../../src/index.ts';
import { Progress } from '../../src/workflow/progress.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { RandomRun } from './random-run.ts';

const QUIET = { held: undefined, waitShare: () => 0 };

describe('over random runs', () => {
  test('percent never falls, is 100 at the end and only there, and the counts add up', () => {
    let ended = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
        const run = new RandomRun(seed);
        const progress = new Progress(parts(run));
        run.listen((events) => progress.take(events));
        run.begin();
        let before = 0;
        for (let steps = 0; steps < 500; steps++) {
          const status = progress.status();
          expect(status.percent).toBeGreaterThanOrEqual(before);
          expect(status.percent === 100).toBe(run.state.status === 'ended');
          expect(status.percent).toBeLessThanOrEqual(100);
          before = status.percent;
          checkPicture(status);
          if (!run.step()) break;
        }
        if (run.state.status === 'ended') ended++;
      }),
      { numRuns: 400 },
    );
    // Else nothing much was tried.
    expect(ended).toBeGreaterThan(200);
  });

  test('who begins to look in the middle counts the same as who saw it all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.nat(60), (seed, from) => {
        const run = new RandomRun(seed);
        const whole = new Progress(parts(run));
        run.listen((events) => whole.take(events));
        run.begin();
        for (let step = 0; step < from && run.step(); step++);
        const late = new Progress(parts(run));
        run.listen((events) => late.take(events));
        const counts = (status: WorkflowStatus) => ({
          ...status.counts,
          items: status.steps.filter(({ status }) => status === 'running').map(({ items }) => items),
        });
        for (let step = 0; step < 60; step++) {
          expect(counts(late.status())).toEqual(counts(whole.status()));
          if (!run.step()) break;
        }
      }),
      { numRuns: 200 },
    );
  });
});

function parts(run: RandomRun) {
  return { plan: run.plan, state: run.state, sender: QUIET, wallNow: () => run.nowMs };
}

function checkPicture(status: WorkflowStatus): void {
  const { total, ...others } = status.counts;
  expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBe(total);
  for (const { items } of status.steps) {
    if (items?.total === undefined) continue;
    expect(items.completed + items.failed + items.parked).toBeLessThanOrEqual(items.total);
  }
  const open = status.steps.filter(({ status }) => ['waiting', 'running', 'parked'].includes(status));
  expect(open.map(({ step }) => step)).toEqual(expect.arrayContaining([...status.criticalPath]));
  expect(status.perSecond).toBeGreaterThanOrEqual(0);
  const { completion } = status;
  if (completion === undefined) return;
  expect(completion.lowMs).toBeLessThanOrEqual(completion.atMs);
  expect(completion.highMs).toBeGreaterThanOrEqual(completion.atMs);
  expect(Number.isFinite(completion.highMs)).toBe(true);
}

/** An agent whose calls end when they are told to, in the order of their coming. */
function held(name: string) {
  const calls: ReturnType<typeof deferred<number>>[] = [];
  let came = deferred();
  const agent = ioAgent(name, {
    limit: 100,
    run: () => {
      const call = deferred<number>();
      calls.push(call);
      came.resolve();
      came = deferred();
      return call.promise;
    },
  });
  return {
    agent: agent as Agent,
    calls,
    async atLeast(count: number): Promise<void> {
      while (calls.length < count) await came.promise;
    },
  };
}

async function engineWith(...agents: readonly Agent[]) {
  const engine = await createEngine({ agents });
  onTestFinished(() => engine.close({ timeoutMs: 1 }));
  return engine;
}

/** Resolves when an event of that type has happened for the step. */
async function until(run: WorkflowRun, type: string, step: string): Promise<void> {
  for await (const event of run.events()) {
    if (event.type === type && 'step' in event && event.step === step) return;
  }
  throw new Error(`the run has ended without ${type} of ${step}`);
}

describe('the status of a run', () => {
  test('tells items, who works, and what is left on the longest way', async () => {
    const slow = held('slow');
    const engine = await engineWith(slow.agent);
    const run = await engine.start(
      workflow('w')
        .map('all', { over: () => [1, 2, 3, 4], agent: 'slow', concurrency: 2 })
        .step('side', { run: () => 1 })
        .step('last', { after: ['all', 'side'], agent: 'slow' })
        .build(),
      undefined,
    );
    await slow.atLeast(2);
    slow.calls[0]!.resolve(1);
    await slow.atLeast(3);
    await until(run, 'items-ended', 'all');
    await until(run, 'step-succeeded', 'side');
    const status = run.status();
    expect(status.counts).toMatchObject({ total: 3, active: 1, pending: 1, completed: 1 });
    expect(status.steps[0]).toMatchObject({
      step: 'all',
      status: 'running',
      who: 'agent slow',
      items: { total: 4, completed: 1, failed: 0, parked: 0 },
    });
    expect(status.criticalPath).toEqual(['all', 'last']);
    expect(status.percent).toBeGreaterThan(0);
    expect(status.percent).toBeLessThan(100);
    expect(status.bottleneck).toEqual({ step: 'all', agent: 'slow', why: 'limit' });
    for (let call = 1; call < 5; call++) {
      await slow.atLeast(call + 1);
      slow.calls[call]!.resolve(1);
    }
    await run.result();
    expect(run.status()).toMatchObject({
      state: 'ended',
      percent: 100,
      counts: { completed: 3 },
      criticalPath: [],
      steps: [{ items: { total: 4, completed: 4 } }, {}, {}],
    });
    expect(run.status().bottleneck).toBe(undefined);
  });

  test('expects an end once it has measured, with an interval around it', async () => {
    const slow = held('slow');
    const engine = await engineWith(slow.agent);
    const run = await engine.start(
      workflow('w').step('a', { agent: 'slow' }).step('b', { after: 'a', agent: 'slow' }).build(),
      undefined,
    );
    await slow.atLeast(1);
    expect(run.status().completion).toBe(undefined);
    slow.calls[0]!.resolve(1);
    await slow.atLeast(2);
    const { completion } = run.status();
    expect(completion!.lowMs).toBeLessThanOrEqual(completion!.atMs);
    expect(completion!.highMs).toBeGreaterThan(completion!.atMs);
    await run.pause();
    expect(run.status().completion).toBe(undefined);
    expect(run.status().bottleneck).toBe(undefined);
    await run.resume();
    slow.calls[1]!.resolve(1);
    await run.result();
  });

  test('names the person, or the signal, that everything waits for', async () => {
    const engine = await engineWith();
    const run = await engine.start(
      workflow('w')
        .wait('approve', { approval: 'Publish?' })
        .wait('go', { after: 'approve', signal: 'go' })
        .build(),
      undefined,
    );
    await until(run, 'step-parked', 'approve');
    expect(run.status()).toMatchObject({
      parked: [{ step: 'approve', ask: 'Publish?' }],
      counts: { parked: 1 },
      bottleneck: { step: 'approve', why: 'waiting-for-person' },
    });
    await run.answer('approve', { value: true });
    await until(run, 'step-started', 'go');
    expect(run.status().bottleneck).toEqual({ step: 'go', why: 'waiting-for-signal' });
    expect(run.status().completion).toBe(undefined);
    await run.signal('go', 1);
    await run.result();
  });

  test('names the items that are parked, and what they failed of', async () => {
    const picky = ioAgent('picky', {
      run: async (n: number) => {
        if (n === 2) throw new Error('not that one');
        return n;
      },
    });
    const engine = await engineWith(picky as Agent);
    const run = await engine.start(
      workflow('w')
        .map('all', { over: () => [1, 2, 3], agent: 'picky', onFailure: 'escalate' })
        .build(),
      undefined,
    );
    await until(run, 'item-parked', 'all');
    await until(run, 'items-ended', 'all');
    const status = run.status();
    expect(status.parked).toMatchObject([
      { step: 'all', item: 1, error: { message: expect.stringContaining('not that one') } },
    ]);
    expect(status.steps[0]!.items).toEqual({ total: 3, completed: 2, failed: 0, parked: 1 });
    expect(status.bottleneck).toEqual({ step: 'all', why: 'waiting-for-person' });
    await run.answer('all', { value: 2 }, 1);
    expect((await run.result()).status).toBe('success');
  });

  test('tells of an engine that sheds', async () => {
    const slow = held('slow');
    const engine = await createEngine({
      agents: [slow.agent],
      admission: { policy: 'fixed', threshold: 1, capacity: 1 },
    });
    onTestFinished(() => engine.close({ timeoutMs: 1 }));
    const run = await engine.start(
      workflow('w').step('a', { agent: 'slow' }).step('b', { agent: 'slow' }).build(),
      undefined,
    );
    await slow.atLeast(1);
    await nextTurn();
    expect(run.status().bottleneck).toMatchObject({ agent: 'slow', why: 'shed' });
    slow.calls[0]!.resolve(1);
    await slow.atLeast(2);
    expect(run.status().bottleneck).toMatchObject({ agent: 'slow', why: 'slow' });
    slow.calls[1]!.resolve(1);
    await run.result();
  });

  test('tells of a step between two attempts', async () => {
    const broken = ioAgent('broken', {
      run: async () => {
        throw new Error('not today');
      },
    });
    const engine = await engineWith(broken as Agent);
    const retry = { attempts: 2, backoffMs: 10_000 };
    const run = await engine.start(workflow('w').step('a', { agent: 'broken', retry }).build(), undefined);
    await until(run, 'step-retried', 'a');
    expect(run.status().bottleneck).toEqual({ step: 'a', agent: 'broken', why: 'failed' });
    expect(run.status().counts).toMatchObject({ pending: 1 });
    await run.cancel();
    expect(run.status()).toMatchObject({ percent: 100, counts: { cancelled: 1 } });
  });

  test('starts over when a run that has ended is opened again', async () => {
    let isBroken = true;
    const gate = new EventEmitter();
    const flaky = ioAgent('flaky', {
      run: async () => {
        if (isBroken) throw new Error('not yet');
        await once(gate, 'open');
        return 1;
      },
    });
    const engine = await engineWith(flaky as Agent);
    const run = await engine.start(
      workflow('w')
        .step('a', { run: () => 1 })
        .step('b', { after: 'a', agent: 'flaky' })
        .build(),
      undefined,
    );
    await run.result();
    expect(run.status()).toMatchObject({ percent: 100, counts: { failed: 1 } });
    isBroken = false;
    await run.retry('b');
    expect(run.status().percent).toBeLessThan(100);
    gate.emit('open');
    await run.result();
    expect(run.status().percent).toBe(100);
  });
});
