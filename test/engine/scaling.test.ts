import { describe, expect, test, vi } from 'vitest';
import type { EngineParts } from '../../src/compose.ts';
import { createEngine, type Engine, type EngineEvents, ioAgent } from '../../src/index.ts';
import { recall, retire } from '../../src/lanes/retire.ts';
import type { ThreadLane } from '../../src/lanes/thread-lane.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Changes at once, both ways. */
const SCALING = { coolDownMs: 1, quietMs: 400 };
/** Never changes by itself. */
const NEVER = { coolDownMs: 1_000_000_000, quietMs: 1_000_000_000, targetLoad: 0.99 };

function next<E extends keyof EngineEvents>(
  engine: Engine,
  event: E,
  fits: (value: EngineEvents[E]) => boolean = () => true,
): Promise<EngineEvents[E]> {
  return new Promise((resolve) => {
    const stop = engine.on(event, (value) => {
      if (!fits(value)) return;
      stop();
      resolve(value);
    });
  });
}

function laneOf(engine: Engine): ThreadLane {
  return (engine as unknown as { readonly parts: EngineParts }).parts.supervisor.lane!;
}

/** One task on each of so many threads, that ends when its flag is raised. */
async function hold(engine: Engine, count: number) {
  const held = Array.from({ length: count }, (_, value) => {
    const flag = new Flag();
    return { flag, handle: engine.submit('hold', { flag: flag.flag, value }) };
  });
  await Promise.all(held.map(({ handle }) => running(handle)));
  return held;
}

/** An engine with so many threads up, of which one stays. */
async function engineWith(count: number, more: Parameters<typeof engineOf>[0] = []): Promise<Engine> {
  const engine = await engineOf([onThreads('hold'), onThreads('echo'), ...more], {
    threads: { min: 1, max: count, count, scaling: NEVER },
  });
  for (let up = laneOf(engine).readyThreads; up < count; up++) await next(engine, 'threadReady');
  return engine;
}

describe('threads between a least and a most', () => {
  test('come while they are busy and go when it is quiet; nobody calls that a loss', async () => {
    await using engine = await engineOf([onThreads('hold'), onThreads('echo')], {
      threads: { min: 1, max: 3, scaling: SCALING },
    });
    const lost: unknown[] = [];
    engine.on('threadLost', (event) => lost.push(event));
    expect(engine.stats().threads).toHaveLength(1);
    const toTwo = next(engine, 'scaled', ({ to }) => to === 2);
    const first = await hold(engine, 1);
    expect(await toTwo).toEqual({ from: 1, to: 2, why: 'load' });
    const toThree = next(engine, 'scaled', ({ to }) => to === 3);
    const second = await hold(engine, 1);
    expect(await toThree).toEqual({ from: 2, to: 3, why: 'load' });
    const third = await hold(engine, 1);
    expect(engine.stats().admission.limits[0]).toMatchObject({ name: 'threads', concurrency: 3 });
    const toOne = next(engine, 'scaled', ({ to }) => to === 1);
    for (const { flag } of [...first, ...second, ...third]) flag.raise();
    await toOne;
    expect(await engine.run('echo', 'after')).toBe('after');
    const { restarts, retired, tasks } = engine.stats();
    expect({ restarts, tasks, lost }).toMatchObject({
      restarts: 0,
      tasks: { completed: 4, failed: 0 },
      lost: [],
    });
    expect(retired.threads).toBeLessThanOrEqual(2);
  });

  test('come because much waits, before they are known to be busy', async () => {
    await using engine = await engineOf([onThreads('spin')], {
      threads: { min: 1, max: 2, scaling: SCALING },
      slo: { p99Ms: 1_000 },
      admission: { policy: 'none' },
    });
    await engine.run('spin', 20);
    const toTwo = next(engine, 'scaled', ({ to }) => to === 2);
    const handles = Array.from({ length: 60 }, () => engine.submit('spin', 20));
    expect(await toTwo).toMatchObject({ from: 1 });
    await Promise.all(handles.map(({ outcome }) => outcome));
  });

  test('are one more than high priority has reserved, at least', async () => {
    await using engine = await engineOf([onThreads('echo')], {
      threads: { min: 1, max: 4, scaling: SCALING },
      admission: { policy: 'adaptive', reserve: { high: 1 } },
    });
    expect(laneOf(engine).pool.size).toBe(2);
    expect(engine.scaleSignal()).toMatchObject({ wanted: 2, why: 'steady' });
  });

  test('load the handlers of all agents before they take work, of those as well that came after them', async () => {
    await using engine = await engineOf([onThreads('holdGently')], {
      threads: { min: 1, max: 2, scaling: { ...SCALING, quietMs: 1_000_000 } },
    });
    const flag = new Flag();
    const scaled = next(engine, 'scaled');
    const held = engine.submit('holdGently', { flag: flag.flag, value: 1 });
    await running(held);
    await scaled;
    await engine.register(onThreads('echo'));
    expect(await engine.run('echo', 1)).toBe(1);
    flag.raise();
    expect(await held.outcome).toMatchObject({ status: 'completed', value: 1 });
  });
});

describe('a thread that is to go', () => {
  test('ends what it runs; what it has not started is done by another', async () => {
    await using engine = await engineWith(2);
    const held = await hold(engine, 2);
    const waiting = Array.from({ length: 20 }, (_, i) => engine.submit('echo', i));
    const lane = laneOf(engine);
    expect(retire(lane)).toBe(true);
    expect(retire(lane)).toBe(false);
    expect([lane.pool.size, lane.readyThreads]).toEqual([1, 1]);
    for (const { flag } of held) flag.raise();
    for (const [value, { handle }] of held.entries()) {
      expect(await handle.outcome).toMatchObject({ status: 'completed', value });
    }
    for (const [value, handle] of waiting.entries()) {
      expect(await handle.outcome).toMatchObject({ status: 'completed', value });
    }
    await vi.waitUntil(() => engine.stats().threads.length === 1);
    expect(engine.stats()).toMatchObject({ restarts: 0, retired: { threads: 1 } });
  });

  test('is called back if it is needed before it has gone, with the handlers that came meanwhile', async () => {
    await using engine = await engineWith(2);
    const held = await hold(engine, 2);
    const lane = laneOf(engine);
    const adding = engine.register(onThreads('survive'));
    expect(retire(lane)).toBe(true);
    expect([recall(lane), recall(lane)]).toEqual([true, false]);
    for (const { flag } of held) flag.raise();
    await adding;
    expect([lane.pool.size, lane.readyThreads]).toEqual([2, 2]);
    const runs = Array.from({ length: 50 }, (_, value) => engine.run('survive', { value }));
    expect(await Promise.all(runs)).toEqual(Array.from({ length: 50 }, (_, value) => value));
    expect(engine.stats()).toMatchObject({ restarts: 0, retired: { threads: 0 } });
  });

  test('while it loads an isolated handler tells nothing of that handler', async () => {
    await using engine = await engineWith(2);
    const lane = laneOf(engine);
    const adding = engine.register(onThreads('survive', { isolate: 'process' }));
    await nextTurn();
    expect(retire(lane)).toBe(true);
    await adding;
    expect(await engine.run('survive', { value: 1 })).toBe(1);
    expect(engine.stats()).toMatchObject({ restarts: 0, retired: { threads: 1 } });
  });

  test('and dies before is lost, and nobody takes its place', async () => {
    await using engine = await engineWith(2, [onThreads('holdBytes')]);
    const lane = laneOf(engine);
    const flag = new Flag();
    const held = Array.from({ length: 2 }, () =>
      engine.submit('holdBytes', { flag: flag.flag, buffer: new ArrayBuffer(8), dies: true }),
    );
    await Promise.all(held.map(running));
    expect(retire(lane)).toBe(true);
    const lost: unknown[] = [];
    engine.on('threadLost', (event) => lost.push(event));
    const replaced = next(engine, 'threadReady');
    flag.raise();
    for (const handle of held) expect((await handle.outcome).status).toBe('failed');
    await replaced;
    expect(await engine.run('echo', 1)).toBe(1);
    expect(lost).toHaveLength(2);
    expect([lane.pool.size, lane.readyThreads]).toEqual([1, 1]);
    expect(engine.stats().threads).toHaveLength(1);
  });

  test('is taken all the same if what it runs never ends', async () => {
    await using engine = await engineWith(2, [onThreads('neverReturns', { timeoutMs: 300 })]);
    const lane = laneOf(engine);
    const stuck = Array.from({ length: 2 }, () => engine.submit('neverReturns', 0));
    await Promise.all(stuck.map(running));
    expect(retire(lane)).toBe(true);
    const replaced = next(engine, 'threadReady');
    for (const handle of stuck) expect(await handle.outcome).toMatchObject({ error: { code: 'TIMEOUT' } });
    await replaced;
    await vi.waitUntil(() => engine.stats().threads.length === 1);
    expect(await engine.run('echo', 1)).toBe(1);
  });
});

describe('the signal for an autoscaler outside', () => {
  test('wants more threads than there may be', async () => {
    await using engine = await engineOf([onThreads('hold')], { threads: { count: 2 } });
    const held = await hold(engine, 2);
    engine.scaleSignal();
    await new Promise((resolve) => setImmediate(resolve));
    expect(engine.scaleSignal()).toMatchObject({ wanted: 3, current: 2, why: 'load', load: 1, waitMs: 0 });
    for (const { flag } of held) flag.raise();
  });

  test('wants none while no agent needs any', async () => {
    await using engine = await createEngine({ agents: [ioAgent('io', { run: async () => 1 })] });
    expect(engine.scaleSignal()).toEqual({ wanted: 0, current: 0, why: 'steady', load: 0, waitMs: 0 });
  });
});

describe('options that make no sense are refused', () => {
  test.each([
    [{ min: 3, max: 2 }, 'threads.max', 'a number of threads that is not below threads.min', '2'],
    [{ min: 3, count: 2 }, 'threads.count', 'a number of threads that is not below threads.min', '2'],
    [{ max: 3, count: 4 }, 'threads.count', 'a number of threads that is not above threads.max', '4'],
    [{ min: 0 }, 'threads.min', 'a whole number from 1 to 1024', '0'],
    [{ max: 1.5 }, 'threads.max', 'a whole number from 1 to 1024', '1.5'],
    [{ scaling: { targetLoad: 1 } }, 'threads.scaling.targetLoad', 'a number above 0, below 1', '1'],
    [{ scaling: { quietMs: -1 } }, 'threads.scaling.quietMs', 'a number of milliseconds above 0', '-1'],
  ])('%j', async (threads, path, expected, received) => {
    await expect(createEngine({ threads })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'INVALID_OPTION',
      path,
      expected: expect.stringContaining(expected),
      received: expect.stringContaining(received),
    });
  });

  test('a key that is not known', async () => {
    const threads = { scaling: { targetLode: 0.5 } } as object;
    await expect(createEngine({ threads })).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      path: 'threads.scaling.targetLode',
      expected: 'targetLoad',
    });
  });
});
