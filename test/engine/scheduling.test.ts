import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/contract/clock.ts';
import { type Engine, ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

const statsOf = (engine: Engine, name: string) => engine.stats().agents.find((agent) => agent.name === name)!;

describe('a task behind a long one', () => {
  it('goes to a thread that falls idle, however little time has passed', async () => {
    // Time stands still for the engine, so that it never finds a task late.
    const frozenMs = systemClock.now();
    const clock = { ...systemClock, now: () => frozenMs };
    await using engine = await engineOf([onThreads('holdBytes')], { threads: { count: 2 }, clock });
    const buffer = new ArrayBuffer(1);
    const flag = new Flag();
    const long = engine.submit('holdBytes', { flag: flag.flag });
    await running(long);
    const others = Array.from({ length: 3 }, () => engine.submit('holdBytes', { buffer }));
    for (const handle of others)
      expect(await handle.outcome).toMatchObject({ status: 'completed', value: 1 });
    expect(long.state).toBe('running');
    flag.raise();
    expect(await long.outcome).toMatchObject({ status: 'completed' });
  });

  it('of another agent does not wait for it if there is another thread', async () => {
    await using engine = await engineOf([onThreads('hold'), onThreads('echo')], { threads: { count: 2 } });
    const flag = new Flag();
    const long = engine.submit('hold', { flag: flag.flag });
    await running(long);
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => engine.run('echo', i)));
    }
    expect(long.state).toBe('running');
    flag.raise();
    await long.outcome;
  });
});

describe('a result', () => {
  it('does not wait for a batch-mate that turns out to be long', async () => {
    await using engine = await engineOf([onThreads('echo'), onThreads('maybeStuckGently')], {
      batch: { quantumMs: 50 },
    });
    const warm = () => [engine.run('echo', 0), engine.run('maybeStuckGently', { stuck: false })];
    for (let i = 0; i < 3; i++) await Promise.all(warm());
    const short = engine.submit('echo', 'short', { priority: 'high' });
    const long = engine.submit('maybeStuckGently', { stuck: true });
    await running(long);
    expect(await short.outcome).toMatchObject({ status: 'completed', value: 'short' });
    expect(long.state).toBe('running');
    long.cancel();
  });
});

describe('an agent with a limit', () => {
  it('never has more on its lane at once, on the event loop', async () => {
    let inside = 0;
    let most = 0;
    const run = async () => {
      most = Math.max(most, ++inside);
      await nextTurn();
      inside--;
    };
    await using engine = await engineOf([ioAgent('three', { limit: 3, run })]);
    await Promise.all(Array.from({ length: 50 }, () => engine.run('three', 1)));
    expect(most).toBe(3);
  });

  it('never has more on its lane at once, on threads, and leaves the rest to others', async () => {
    await using engine = await engineOf([onThreads('hold', { limit: 1 }), onThreads('echo')], {
      threads: { count: 2 },
    });
    const flag = new Flag();
    const held = Array.from({ length: 3 }, () => engine.submit('hold', { flag: flag.flag }));
    await running(held[0]!);
    await engine.run('echo', 1);
    expect(statsOf(engine, 'hold')).toMatchObject({
      state: 'overloaded',
      inFlight: 1,
      loadFactor: 1,
      limit: 1,
    });
    expect(held.map((handle) => handle.state)).toEqual(['running', 'pending', 'pending']);
    flag.raise();
    for (const handle of held) expect(await handle.outcome).toMatchObject({ status: 'completed' });
    expect(statsOf(engine, 'hold')).toMatchObject({ state: 'idle', inFlight: 0 });
  });

  it('that is full holds up neither other agents nor other events', async () => {
    const gate = deferred();
    await using engine = await engineOf([
      ioAgent('stuck', { limit: 1, run: () => gate.promise }),
      ioAgent('free', { run: async (n: number) => n }),
    ]);
    const stuck = Array.from({ length: 1_000 }, () => engine.submit('stuck', 1, { priority: 'high' }));
    expect(await engine.run('free', 7, { priority: 'low' })).toBe(7);
    expect(stuck[0]!.state).toBe('running');
    gate.resolve();
    await Promise.all(stuck.map((handle) => handle.outcome));
  });
});

it('other events get their turn while 100,000 tasks that await nothing are started', async () => {
  await using engine = await engineOf([ioAgent('sync', { limit: 1_000, run: (n: number) => n })], {
    admission: { policy: 'none' },
    queue: { limit: 200_000 },
  });
  const handles = Array.from({ length: 100_000 }, (_, i) => engine.submit('sync', i));
  await nextTurn();
  expect(engine.stats().tasks.waiting).toBeGreaterThan(90_000);
  await Promise.all(handles.map((handle) => handle.outcome));
});
