import { describe, expect, it, vi } from 'vitest';
import { createEngine, type Engine, type EngineEvents } from '../../src/index.ts';
import { misbehaving, onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { Flag, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

type Recycled = EngineEvents['threadRecycled'];

/** The next thread that is recycled. */
const recycled = (engine: Engine): Promise<Recycled> =>
  new Promise((resolve) => {
    engine.on('threadRecycled', resolve);
  });

/** Runs tasks one after the other until the promise is fulfilled; gives how many there were. */
async function runUntil(engine: Engine, agent: string, input: unknown, promise: Promise<unknown>) {
  let isOver = false;
  void promise.then(() => {
    isOver = true;
  });
  let tasks = 0;
  for (; !isOver; tasks++) expect(await engine.run(agent, input)).toBe(input);
  return tasks;
}

describe('a thread whose handlers leak', () => {
  it.each([
    ['leakHeap', 'heap', { heapMb: 100 }, 'heapUsedBytes', 100],
    ['leakBuffers', 'external', { externalMb: 100 }, 'externalBytes', 100],
  ] as const)(
    'is replaced before it dies, and no task is lost: %s',
    async (agent, reason, recycle, measure, megabytes) => {
      await using engine = await engineOf([misbehaving(agent)], { threads: { count: 1, recycle } });
      const lost: unknown[] = [];
      engine.on('threadLost', (event) => lost.push(event));
      const event = recycled(engine);
      const tasks = await runUntil(engine, agent, 1, event);
      expect(await event).toMatchObject({ reason, threadId: expect.any(Number) });
      expect((await event)[measure]).toBeGreaterThan(megabytes * 2 ** 20);
      expect(lost).toEqual([]);
      expect(engine.stats()).toMatchObject({ restarts: 1, tasks: { completed: tasks, failed: 0 } });
      await engine.run(agent, 1);
      expect(engine.stats().threads[0]![measure]).toBeLessThan(megabytes * 2 ** 20);
    },
  );
});

describe('a thread that has run as many tasks as it may', () => {
  it('is replaced, one after the other, and each task ends as if nothing was', async () => {
    await using engine = await engineOf([onThreads('echo')], {
      threads: { count: 2, recycle: { tasks: 500 } },
    });
    const events: Recycled[] = [];
    const third = new Promise<void>((resolve) => {
      engine.on('threadRecycled', (event) => {
        // The replaced one is missing, the other takes work.
        expect(engine.stats().threads.filter(({ state }) => state !== 'starting').length).toBeGreaterThan(0);
        if (events.push(event) === 3) resolve();
      });
    });
    let isOver = false;
    void third.then(() => {
      isOver = true;
    });
    let tasks = 0;
    for (; !isOver; tasks += 200) {
      const values = Array.from({ length: 200 }, (_, i) => tasks + i);
      expect(await Promise.all(values.map((value) => engine.run('echo', value)))).toEqual(values);
    }
    expect(events).toMatchObject([{ reason: 'tasks' }, { reason: 'tasks' }, { reason: 'tasks' }]);
    for (const event of events) expect(event.tasks).toBeGreaterThanOrEqual(500);
    expect(engine.stats().tasks).toMatchObject({ completed: tasks, failed: 0 });
  });

  it('finishes what it has started before it goes, while another thread takes what waits behind', async () => {
    await using engine = await engineOf([onThreads('holdGently'), onThreads('echo')], {
      threads: { count: 2, recycle: { tasks: 1 } },
    });
    const event = recycled(engine);
    const flag = new Flag();
    const held = engine.submit('holdGently', { flag: flag.flag, value: 'held' });
    await running(held);
    const echoed = await Promise.all(Array.from({ length: 50 }, (_, i) => engine.run('echo', i)));
    expect(echoed).toHaveLength(50);
    expect(held.state).toBe('running');
    flag.raise();
    expect(await held.outcome).toMatchObject({ status: 'completed', value: 'held' });
    await event;
    expect(engine.stats().tasks).toMatchObject({ completed: 51, failed: 0 });
  });

  it('is still held to stallMs', async () => {
    await using engine = await engineOf([misbehaving('hang', { stallMs: 200 })], {
      threads: { count: 1, recycle: { tasks: 1 } },
    });
    const lost = new Promise<EngineEvents['threadLost']>((resolve) => {
      engine.on('threadLost', resolve);
    });
    const outcome = await engine.submit('hang', { how: 'endlessLoop' }).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'STALLED' } });
    expect(await lost).toMatchObject({ agent: 'hang' });
    expect(await engine.run('hang', { value: 5 })).toBe(5);
  });
});

describe('a bound for recycling that is none', () => {
  it.each([
    [{ heapMb: 0 }, 'threads.recycle.heapMb'],
    [{ externalMb: -1 }, 'threads.recycle.externalMb'],
    [{ tasks: 1.5 }, 'threads.recycle.tasks'],
    [{ task: 5 }, 'threads.recycle.task'],
  ])('is refused: %o', async (recycle, path) => {
    await expect(createEngine({ threads: { recycle } } as never)).rejects.toMatchObject({ path });
  });
});
