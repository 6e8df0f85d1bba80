import { getHeapStatistics } from 'node:v8';
import { describe, expect, it, vi } from 'vitest';
import { type Engine, ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });
const statsOf = (engine: Engine, name: string) => engine.stats().agents.find((agent) => agent.name === name)!;

describe('heaps', () => {
  it('come from the threads themselves', async () => {
    const engine = await engineOf([onThreads('echo')], {
      threads: { count: 2, resourceLimits: { maxOldGenerationSizeMb: 64 } },
    });
    const heaps = await vi.waitUntil(async () => {
      const all = await engine.heaps();
      return all.length === 2 && all;
    });
    expect(heaps.map(({ slot }) => slot).sort()).toEqual([0, 1]);
    for (const { heap } of heaps) {
      expect(heap!.usedBytes).toBeGreaterThan(1_000_000);
      expect(heap!.totalBytes).toBeGreaterThanOrEqual(heap!.usedBytes);
      // The young generation, whose size varies with Node.js, comes on top of it; this thread has much more.
      expect(heap!.limitBytes).toBeGreaterThan(64 * 1024 * 1024);
      expect(heap!.limitBytes).toBeLessThan(getHeapStatistics().heap_size_limit);
      expect(heap!.externalBytes).toBeGreaterThan(0);
    }
    await engine.close();
    expect(await engine.heaps()).toEqual([]);
  });

  it('are left out for a thread that is too busy to answer', async () => {
    const flag = new Flag();
    const engine = await engineOf([onThreads('hold')], { threads: { count: 1 } });
    const handle = engine.submit('hold', { flag: flag.flag, value: 1 });
    await running(handle);
    expect(await engine.heaps({ timeoutMs: 5 })).toMatchObject([{ slot: 0, heap: undefined }]);
    flag.raise();
    await handle.outcome;
    expect(await engine.heaps()).toMatchObject([{ slot: 0, heap: { usedBytes: expect.any(Number) } }]);
  });

  it('refuse what is no timeout, and need no threads', async () => {
    const engine = await engineOf([]);
    expect(() => engine.heaps({ timeoutMs: 0 })).toThrow(/heaps.timeoutMs.*above 0.*got 0/);
    expect(await engine.heaps()).toEqual([]);
  });
});

describe('the counts', () => {
  it('add up: every submitted task is waiting, running or ended in exactly one way', async () => {
    const gate = deferred();
    await using engine = await engineOf(
      [
        onThreads('survive'),
        ioAgent('ok', { run: async (n: number) => n }),
        ioAgent('bad', { run: async () => Promise.reject(new Error('no')) }),
        ioAgent('held', { limit: 2, run: async () => gate.promise }),
      ],
      { queue: { limit: 1_000 }, admission: { policy: 'fixed', capacity: 400 } },
    );
    const ended: Promise<unknown>[] = [];
    const tally: Record<string, number> = { completed: 0, failed: 0, cancelled: 0, rejected: 0 };
    let submitted = 0;
    const submit = (agent: string, input: unknown) => {
      submitted++;
      const handle = engine.submit(agent, input);
      ended.push(handle.outcome.then(({ status }) => tally[status]!++));
      return handle;
    };
    const held = Array.from({ length: 10 }, () => submit('held', 1));
    for (let i = 0; i < 100; i++) {
      submit('ok', i);
      submit('bad', i);
      submit('survive', i === 50 ? { fate: 'exit' } : i === 60 ? { fate: 'throw' } : { value: i });
      if (i % 10 === 0) submit('ok', i).cancel();
    }
    held[9]!.cancel();
    await engine.run('ok', 1).finally(() => tally.completed!++);
    submitted++;
    const before = engine.stats().tasks;
    expect(before.submitted).toBe(submitted);
    expect(before.waiting).toBeGreaterThanOrEqual(7);
    gate.resolve();
    await Promise.all(ended);
    const { tasks } = engine.stats();
    expect(tasks).toEqual({ submitted, waiting: 0, running: 0, ...tally });
    expect(tally).toEqual({ completed: 100 + 98 + 9 + 1, failed: 102, cancelled: 11, rejected: 0 });
  });

  it('agree by lane, agent and thread', async () => {
    await using engine = await engineOf(
      [onThreads('echo'), onThreads('survive'), ioAgent('ok', { run: async (n: number) => n })],
      { threads: { count: 2 } },
    );
    await Promise.all(Array.from({ length: 300 }, (_, i) => engine.run('echo', i)));
    await Promise.all(Array.from({ length: 100 }, (_, i) => engine.run('ok', i)));
    await engine.submit('survive', { fate: 'throw' }).outcome;
    // A thread that starts while the others work it all off is not idle yet.
    while (engine.stats().threads.some(({ state }) => state !== 'idle')) await nextTurn();
    const { lanes, threads, agents, tasks } = engine.stats();
    expect(lanes.threads).toMatchObject({ completed: 300, failed: 1, running: 0, loadFactor: 0 });
    expect(lanes.loop).toMatchObject({ completed: 100, failed: 0, running: 0 });
    expect(tasks).toMatchObject({ submitted: 401, completed: 400, failed: 1 });
    const sum = (key: 'started' | 'completed' | 'failed') =>
      threads.reduce((total, thread) => total + thread[key], 0);
    expect([sum('started'), sum('completed'), sum('failed')]).toEqual([301, 300, 1]);
    expect(threads.map((thread) => thread.serviceMs.count).reduce((a, b) => a + b)).toBe(301);
    for (const thread of threads)
      expect(thread).toMatchObject({ state: 'idle', heapUsedBytes: expect.any(Number) });
    for (const thread of threads) expect(thread.heapUsedBytes).toBeGreaterThan(0);
    expect(agents.map(({ name, latencyMs }) => [name, latencyMs.total.count])).toEqual([
      ['echo', 300],
      ['survive', 1],
      ['ok', 100],
    ]);
    expect(lanes.threads.latencyMs.service.count).toBe(301);
    expect(engine.histogram('echo', 'total').totalCount).toBe(300);
  });

  it('of a thread come with its heap, even if it has run nothing yet', async () => {
    await using engine = await engineOf([onThreads('echo')]);
    expect(engine.stats().threads).toMatchObject([{ state: 'idle', started: 0, utilization: 0, busyMs: 0 }]);
    expect(engine.stats().threads[0]!.heapUsedBytes).toBeGreaterThan(0);
  });

  it('of a lane do not fall when one of its agents is removed', async () => {
    await using engine = await engineOf([
      ioAgent('a', { run: async () => 1 }),
      ioAgent('b', { run: async () => 1 }),
    ]);
    await Promise.all(Array.from({ length: 50 }, (_, i) => engine.run(i % 2 === 0 ? 'a' : 'b', i)));
    engine.remove('a');
    expect(engine.stats().lanes.loop).toMatchObject({ completed: 50, latencyMs: { total: { count: 50 } } });
  });
});

describe('the load factors', () => {
  it('are in flight over limit, 0 to 1', async () => {
    const gate = deferred();
    await using engine = await engineOf([
      ioAgent('four', { limit: 4, run: () => gate.promise }),
      ioAgent('endless', { limit: Number.POSITIVE_INFINITY, run: () => gate.promise }),
    ]);
    for (let i = 0; i < 3; i++) engine.submit('four', 1);
    for (let i = 0; i < 5; i++) engine.submit('endless', 1);
    await nextTurn();
    expect(statsOf(engine, 'four')).toMatchObject({ inFlight: 3, loadFactor: 0.75, state: 'busy' });
    expect(statsOf(engine, 'endless').loadFactor).toBeLessThanOrEqual(1);
    const { loadFactor } = engine.stats().lanes.loop;
    expect(loadFactor).toBeGreaterThanOrEqual(0);
    expect(loadFactor).toBeLessThanOrEqual(1);
    gate.resolve();
  });

  it('and percentiles are 0 where nothing has happened', async () => {
    await using engine = await engineOf([]);
    const { lanes, threads, loadFactor, restarts, tasks } = engine.stats();
    expect([threads, loadFactor, restarts, tasks.submitted]).toEqual([[], 0, 0, 0]);
    expect(lanes.loop).toMatchObject({
      loadFactor: 0,
      latencyMs: { wait: { count: 0, p50: 0, p999: 0, max: 0 } },
    });
    expect(lanes.threads.loadFactor).toBe(0);
  });
});

describe('the timing of an outcome', () => {
  it('is wait, service and total in milliseconds, on either lane', async () => {
    await using engine = await engineOf([
      onThreads('spin'),
      ioAgent('two turns', { run: () => nextTurn().then(nextTurn) }),
    ]);
    for (const [agent, input] of [['spin', 5] as const, ['two turns', 1] as const]) {
      const { timing } = await engine.submit(agent, input).outcome;
      expect(timing.waitMs).toBeGreaterThanOrEqual(0);
      expect(timing.serviceMs).toBeGreaterThan(0);
      expect(timing.totalMs).toBeGreaterThanOrEqual(timing.waitMs + timing.serviceMs - 0.01);
    }
    expect((await engine.submit('spin', 20).outcome).timing.serviceMs).toBeGreaterThanOrEqual(20);
  });

  it('never runs backwards for many short tasks', async () => {
    await using engine = await engineOf([onThreads('echo')], { threads: { count: 2 } });
    const outcomes = await Promise.all(
      Array.from({ length: 3_000 }, (_, i) => engine.submit('echo', i).outcome),
    );
    for (const { timing } of outcomes) {
      expect(timing.waitMs).toBeGreaterThanOrEqual(0);
      expect(timing.serviceMs).toBeGreaterThanOrEqual(0);
      expect(timing.totalMs).toBeGreaterThanOrEqual(timing.waitMs + timing.serviceMs - 0.01);
    }
  });
});
