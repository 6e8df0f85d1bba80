import { queryObjects } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import type { Engine, EngineEvents, TaskHandle } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { heldTimer } from '../fixtures/held-timer.ts';
import { Flag, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Lets the engine learn how long tasks take, so that it makes batches. */
async function warmUp(engine: Engine, agent: string, input: unknown): Promise<void> {
  await Promise.all(Array.from({ length: 100 }, () => engine.run(agent, input)));
}

/** What the engine reports about its threads. */
function lostThreads(engine: Engine): EngineEvents['threadLost'][] {
  const lost: EngineEvents['threadLost'][] = [];
  engine.on('threadLost', (event) => lost.push(event));
  return lost;
}

/** All complete but one, with their own values. */
async function expectAllBut(failing: number, handles: readonly TaskHandle[]): Promise<void> {
  for (const [i, handle] of handles.entries()) {
    if (i !== failing) expect(await handle.outcome).toMatchObject({ status: 'completed', value: i });
  }
}

describe('a thread that dies in the middle of a batch', () => {
  const fates: [string, string, object][] = [
    ['survive', 'exit', { code: 'WORKER_LOST' }],
    ['surviveSync', 'exit', { code: 'WORKER_LOST' }],
    ['survive', 'throw in a timer', { cause: { name: 'RangeError', message: 'in a timer' } }],
    ['survive', 'unhandled rejection', { cause: { name: 'RangeError', message: 'nobody caught it' } }],
  ];
  it.each(fates)('fails only the task at the cursor, and is replaced: %s, %s', async (agent, fate, error) => {
    await using engine = await engineOf([onThreads(agent), onThreads('echo')]);
    await warmUp(engine, agent, { value: 0 });
    const lost = lostThreads(engine);
    const handles = Array.from({ length: 200 }, (_, i) =>
      engine.submit(agent, i === 77 ? { fate } : { value: i }),
    );
    expect(await handles[77]!.outcome).toMatchObject({ status: 'failed', agent, error });
    await expectAllBut(77, handles);
    expect(await engine.run('echo', 'after')).toBe('after');
    expect(lost).toMatchObject([{ agent }]);
    expect(engine.stats()).toMatchObject({
      restarts: 1,
      tasks: { completed: 300, failed: 1, running: 0, waiting: 0 },
    });
    expect(engine.stats().agents.map((stats) => stats.inFlight)).toEqual([0, 0]);
  });

  it('does so on each of several threads, again and again', async () => {
    await using engine = await engineOf([onThreads('survive')], {
      threads: { count: 2 },
      restarts: { max: 100 },
    });
    await warmUp(engine, 'survive', { value: 0 });
    const handles = Array.from({ length: 2_000 }, (_, i) =>
      engine.submit('survive', i % 500 === 250 ? { fate: 'exit' } : { value: i }),
    );
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    for (const [i, outcome] of outcomes.entries()) {
      const expected =
        i % 500 === 250
          ? { status: 'failed', error: { code: 'WORKER_LOST' } }
          : { status: 'completed', value: i };
      expect(outcome).toMatchObject(expected);
    }
    expect(engine.stats().restarts).toBe(4);
  });

  it('by running out of memory fails only that task', { timeout: 30_000 }, async () => {
    await using engine = await engineOf([onThreads('survive')], {
      threads: { count: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } },
    });
    const hungry = engine.submit('survive', { fate: 'out of memory' });
    const others = Array.from({ length: 5 }, (_, i) => engine.submit('survive', { value: i }));
    expect(await hungry.outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    await expectAllBut(-1, others);
  });

  it('while a task of it is held for its reports still gives that task its result', async () => {
    await using engine = await engineOf([onThreads('report'), onThreads('survive')]);
    const reporting = engine.submit('report', { steps: 500, wait: false });
    const deadly = engine.submit('survive', { fate: 'exit' });
    expect(await reporting.outcome).toMatchObject({ status: 'completed', value: 'reported' });
    expect(await deadly.outcome).toMatchObject({ status: 'failed' });
  });

  it('has already lost the task that was cancelled just before', async () => {
    await using engine = await engineOf([onThreads('hold'), onThreads('survive'), onThreads('echo')]);
    const flag = new Flag();
    const handle = engine.submit('hold', { flag: flag.flag });
    await running(handle);
    const deadly = engine.submit('survive', { fate: 'exit' });
    handle.cancel();
    expect(await handle.outcome).toMatchObject({ status: 'cancelled' });
    expect(await deadly.outcome).toMatchObject({ status: 'failed' });
    expect(await engine.run('echo', 1)).toBe(1);
    expect(engine.stats().tasks).toMatchObject({ cancelled: 1, failed: 1, completed: 1, running: 0 });
  });
});

describe('threads that died', () => {
  it('are forgotten: nothing of them stays in memory', async () => {
    await using engine = await engineOf([onThreads('survive')], { restarts: { max: 100 } });
    for (let deaths = 0; deaths < 10; deaths++) {
      expect(await engine.submit('survive', { fate: 'exit' }).outcome).toMatchObject({ status: 'failed' });
      expect(await engine.run('survive', { value: deaths })).toBe(deaths);
    }
    // The one that is up, and those that the last errors tell of.
    await vi.waitUntil(() => queryObjects(Worker, { format: 'count' }) < 6, { timeout: 30_000 });
  });
});

describe('an agent that says idempotent: false', () => {
  it('never has a task run twice, whatever dies around it', async () => {
    const counts = new Int32Array(new SharedArrayBuffer(4 * 300));
    const once = onThreads('once', { export: 'countCalls', idempotent: false });
    await using engine = await engineOf([once, onThreads('survive')], {
      threads: { count: 2 },
      restarts: { max: 100 },
    });
    const handles: TaskHandle[] = [];
    for (let i = 0; i < 300; i++) {
      handles.push(engine.submit('once', { counts, index: i, dies: i % 60 === 30 }));
      if (i % 50 === 0) engine.submit('survive', { fate: 'exit' });
    }
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    expect(Math.max(...counts)).toBe(1);
    for (const [i, outcome] of outcomes.entries()) {
      if (i % 60 === 30) expect(outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
      // Another may have been done when its thread died with its result: it must not be run again to find out.
      else if (outcome.status !== 'completed')
        expect(outcome).toMatchObject({ error: { code: 'WORKER_LOST' } });
    }
  });

  it('never has two tasks in a batch: none of the others is lost with the one that dies', async () => {
    const once = onThreads('once', { export: 'survive', idempotent: false });
    await using engine = await engineOf([once]);
    await warmUp(engine, 'once', { value: 0 });
    const handles = Array.from({ length: 50 }, (_, i) =>
      engine.submit('once', i === 20 ? { fate: 'exit' } : { value: i }),
    );
    expect(await handles[20]!.outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    await expectAllBut(20, handles);
  });
});

describe('the restart budget', () => {
  it('switches off the agent that overdraws it, fails what waits for it, and lets the others go on', async () => {
    await using engine = await engineOf([onThreads('survive'), onThreads('echo')], { restarts: { max: 2 } });
    const states: EngineEvents['agentState'][] = [];
    engine.on('agentState', (event) => void (event.to === 'failed' && states.push(event)));
    const handles = Array.from({ length: 20 }, () => engine.submit('survive', { fate: 'exit' }));
    const codes = await Promise.all(
      handles.map(async (handle) => {
        const outcome = await handle.outcome;
        return outcome.status === 'failed' && outcome.error.code;
      }),
    );
    expect(codes.slice(0, 3)).toEqual(['WORKER_LOST', 'WORKER_LOST', 'WORKER_LOST']);
    expect(new Set(codes.slice(3))).toEqual(new Set(['AGENT_FAILED']));
    expect(states).toMatchObject([{ agent: 'survive' }]);
    expect(await engine.submit('survive', { value: 1 }).outcome).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_FAILED' },
    });
    expect(await engine.run('echo', 1)).toBe(1);
    expect(engine.stats().agents.map(({ name, state }) => [name, state])).toEqual([
      ['survive', 'failed'],
      ['echo', 'idle'],
    ]);
  });

  it('counts exceptions that nobody catches as well', async () => {
    await using engine = await engineOf([onThreads('survive')], { restarts: { max: 1 } });
    const outcomes = [];
    for (let i = 0; i < 3; i++)
      outcomes.push(await engine.submit('survive', { fate: 'throw in a timer' }).outcome);
    expect(outcomes.map((outcome) => outcome.status === 'failed' && outcome.error.code)).toEqual([
      'HANDLER_FAILED',
      'HANDLER_FAILED',
      'AGENT_FAILED',
    ]);
  });

  it('is not touched by errors that are thrown as they should be', async () => {
    await using engine = await engineOf([onThreads('survive')], { restarts: { max: 1 } });
    for (let i = 0; i < 10; i++) {
      expect(await engine.submit('survive', { fate: 'throw' }).outcome).toMatchObject({
        error: { code: 'HANDLER_FAILED' },
      });
    }
    expect(engine.stats().restarts).toBe(0);
  });

  it('gives the agent another chance when the window is over', async () => {
    const { clock, end: recover } = heldTimer(60_000);
    await using engine = await engineOf([onThreads('survive')], {
      restarts: { max: 1, windowMs: 60_000 },
      clock,
    });
    await Promise.all([1, 2].map(() => engine.submit('survive', { fate: 'exit' }).outcome));
    expect(engine.stats().agents[0]?.state).toBe('failed');
    recover();
    expect(engine.stats().agents[0]?.state).toBe('idle');
    expect(await engine.run('survive', { value: 5 })).toBe(5);
  });
});

describe('a handler that speaks on a channel that is not its own', () => {
  it.each<[string, unknown]>([
    ['text', 'hello'],
    ['a number', 5],
    ['null', null],
    ['an object', { hello: 'spillway' }],
  ])('does no harm: %s', async (_name, message) => {
    await using engine = await engineOf([onThreads('postsByItself'), onThreads('echo')]);
    const failures: unknown[] = [];
    const note = (error: unknown) => failures.push(error);
    process.on('uncaughtException', note);
    try {
      expect(await engine.run('postsByItself', message)).toBe('posted');
      expect(await engine.run('echo', 1)).toBe(1);
    } finally {
      process.off('uncaughtException', note);
    }
    expect(failures).toEqual([]);
  });
});
