import { describe, expect, it, vi } from 'vitest';
import { type Engine, type EngineEvents, ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });
const removed = { status: 'failed', error: { code: 'AGENT_REMOVED' } };
const io = (name: string, limit: number, gate: Promise<void>) =>
  ioAgent(name, { limit, capabilities: ['work'], run: async () => gate.then(() => name) });
const inFlight = (engine: Engine) =>
  Object.fromEntries(engine.stats().agents.map((agent) => [agent.name, agent.inFlight]));

describe('several agents behind one capability', () => {
  it('share the tasks by load: the least loaded takes the next', async () => {
    const gate = deferred();
    await using engine = await engineOf([io('small', 2, gate.promise), io('large', 8, gate.promise)]);
    const handles = Array.from({ length: 5 }, () => engine.submit({ capability: 'work' }, 1));
    await nextTurn();
    expect(inFlight(engine)).toEqual({ small: 1, large: 4 });
    handles.push(...Array.from({ length: 7 }, () => engine.submit({ capability: 'work' }, 1)));
    await nextTurn();
    expect(inFlight(engine)).toEqual({ small: 2, large: 8 });
    expect(engine.stats().tasks.waiting).toBe(2);
    gate.resolve();
    await Promise.all(handles.map((handle) => handle.outcome));
  });

  it('of equal load leave the task to the faster', async () => {
    const wait = (turns: number) => async () => {
      for (let i = 0; i < turns; i++) await nextTurn();
    };
    const slow = ioAgent('slow', { limit: 4, capabilities: ['work'], run: wait(50) });
    const fast = ioAgent('fast', { limit: 4, capabilities: ['work'], run: wait(1) });
    await using engine = await engineOf([slow, fast]);
    await Promise.all([engine.run('slow', 1), engine.run('fast', 1)]);
    expect(await engine.submit({ capability: 'work' }, 1).outcome).toMatchObject({ agent: 'fast' });
  });

  it('on both lanes share the tasks by load as well', async () => {
    const gate = deferred();
    const flag = new Flag();
    const hold = onThreads('hold', { capabilities: ['work'], limit: 2 });
    await using engine = await engineOf([hold, io('loop', 2, gate.promise)], { threads: { count: 2 } });
    while (engine.stats().threads.filter((thread) => thread.state === 'idle').length < 2) await nextTurn();
    const handles = Array.from({ length: 4 }, () =>
      engine.submit({ capability: 'work' }, { flag: flag.flag, value: 'hold' }),
    );
    await nextTurn();
    expect(inFlight(engine)).toEqual({ hold: 2, loop: 2 });
    gate.resolve();
    flag.raise();
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    expect(outcomes.map((outcome) => outcome.agent).sort()).toEqual(['hold', 'hold', 'loop', 'loop']);
  });

  it('on both lanes do not leave one of them without a task while the other has two', async () => {
    const gate = deferred();
    const flag = new Flag();
    const hold = onThreads('hold', { capabilities: ['work'] });
    await using engine = await engineOf([hold, io('loop', 64, gate.promise)]);
    const handles = Array.from({ length: 2 }, () =>
      engine.submit({ capability: 'work' }, { flag: flag.flag }),
    );
    await nextTurn();
    expect(inFlight(engine)).toEqual({ hold: 1, loop: 1 });
    gate.resolve();
    flag.raise();
    await Promise.all(handles.map((handle) => handle.outcome));
  });

  it('keep a task that waits when one of them is removed', async () => {
    const gate = deferred();
    await using engine = await engineOf([io('a', 1, gate.promise), io('b', 1, gate.promise)]);
    const handles = Array.from({ length: 6 }, () => engine.submit({ capability: 'work' }, 1));
    await nextTurn();
    expect(engine.remove('a')).toBe(true);
    gate.resolve();
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    expect(outcomes.map((outcome) => outcome.agent)).toEqual(['a', 'b', 'b', 'b', 'b', 'b']);
  });

  it('leave a task to one that is registered while it waits', async () => {
    const never = deferred();
    await using engine = await engineOf([io('busy', 1, never.promise)]);
    const [, waiting] = [engine.submit({ capability: 'work' }, 1), engine.submit({ capability: 'work' }, 1)];
    await nextTurn();
    expect(waiting?.state).toBe('pending');
    await engine.register(io('new', 1, Promise.resolve()));
    expect(await waiting?.outcome).toMatchObject({ status: 'completed', agent: 'new' });
    never.resolve();
  });

  it('take what an agent that was switched off left behind', async () => {
    const deadly = onThreads('survive', { capabilities: ['work'] });
    await using engine = await engineOf([deadly], { restarts: { max: 1 } });
    await Promise.all([1, 2].map(() => engine.submit('survive', { fate: 'exit' }).outcome));
    expect(await engine.submit({ capability: 'work' }, 1).outcome).toMatchObject({
      error: { code: 'AGENT_FAILED' },
    });
    await engine.register(io('rescue', 1, Promise.resolve()));
    expect(await engine.run({ capability: 'work' }, 1)).toBe('rescue');
  });
});

describe('an agent that is removed', () => {
  it('finishes what runs, fails what waits, and is unknown from then on', async () => {
    const gate = deferred();
    await using engine = await engineOf([io('a', 1, gate.promise)]);
    const handles = Array.from({ length: 3 }, () => engine.submit('a', 1));
    await nextTurn();
    expect(engine.remove('a')).toBe(true);
    expect(engine.remove('a')).toBe(false);
    expect(await handles[1]!.outcome).toMatchObject(removed);
    expect(await handles[2]!.outcome).toMatchObject(removed);
    expect(() => engine.submit('a', 1)).toThrow('no agent "a"');
    gate.resolve();
    expect(await handles[0]!.outcome).toMatchObject({ status: 'completed', value: 'a' });
    expect(engine.stats().tasks).toMatchObject({
      submitted: 3,
      completed: 1,
      failed: 2,
      running: 0,
      waiting: 0,
    });
  });

  it('may come back under its name', async () => {
    await using engine = await engineOf([io('a', 1, Promise.resolve()), onThreads('echo')]);
    engine.remove('a');
    engine.remove('echo');
    await engine.register(ioAgent('a', { run: () => 'the second' }));
    await engine.register(onThreads('echo', { export: 'add' }));
    expect(await engine.run('a', 1)).toBe('the second');
    expect(await engine.run('echo', { a: 1, b: 2 })).toBe(3);
  });

  it('on threads finishes the task that runs; those behind it end as removed or complete, and none is lost', async () => {
    await using engine = await engineOf([onThreads('holdGently'), onThreads('echo')]);
    const flag = new Flag();
    const first = engine.submit('holdGently', { flag: flag.flag, value: 0 });
    await running(first);
    const others = Array.from({ length: 20 }, (_, i) =>
      engine.submit('holdGently', { flag: flag.flag, value: i }),
    );
    await nextTurn();
    engine.remove('holdGently');
    flag.raise();
    expect(await first.outcome).toMatchObject({ status: 'completed', value: 0 });
    for (const [i, handle] of others.entries()) {
      const outcome = await handle.outcome;
      if (outcome.status === 'completed') expect(outcome.value).toBe(i);
      else expect(outcome).toMatchObject(removed);
    }
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it('on threads fails tasks that come back from a thread after it was removed', async () => {
    const engine = await engineOf([onThreads('holdBytes'), onThreads('echo')]);
    const flag = new Flag();
    const buffer = new ArrayBuffer(1);
    const first = engine.submit('holdBytes', { flag: flag.flag, dies: true });
    await running(first);
    const second = engine.submit('holdBytes', { buffer });
    await nextTurn();
    engine.remove('holdBytes');
    // The thread dies with the second one on it, not started.
    flag.raise();
    expect(await first.outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    const outcome = await second.outcome;
    expect(outcome).toMatchObject(removed);
    await engine.close();
  });

  it('takes a batch in the middle of its run without an error of the engine in it', async () => {
    await using engine = await engineOf([onThreads('report'), onThreads('echo')], {
      batch: { quantumMs: 1_000 },
    });
    await engine.run('report', { steps: 1, wait: true });
    const handles = Array.from({ length: 30 }, () => engine.submit('report', { steps: 3, wait: true }));
    await running(handles[0]!);
    engine.remove('report');
    for (const handle of handles) {
      const outcome = await handle.outcome;
      if (outcome.status !== 'completed') expect(outcome).toMatchObject(removed);
    }
    expect(await engine.run('echo', 1)).toBe(1);
  });
});

it('agents that come and go leave nothing behind', async () => {
  await using engine = await engineOf([onThreads('echo')]);
  for (let i = 0; i < 300; i++) {
    await engine.register(ioAgent('guest', { run: async () => i, capabilities: [`guest ${i}`] }));
    if (i % 2 === 0) expect(await engine.run('guest', 1)).toBe(i);
    engine.remove('guest');
  }
  const { registry } = (engine as unknown as { parts: { registry: object } }).parts;
  const kept = Object.values(registry).map((value) =>
    value instanceof Map || value instanceof Set ? value.size : 0,
  );
  expect(Math.max(...kept)).toBeLessThan(10);
  expect(engine.stats().lanes.loop.completed).toBe(150);
});

describe('the states of an agent', () => {
  it('are idle, busy and overloaded, and each change is told', async () => {
    const gate = deferred();
    await using engine = await engineOf([io('a', 2, gate.promise)]);
    const changes: EngineEvents['agentState'][] = [];
    engine.on('agentState', (event) => changes.push(event));
    const first = engine.submit('a', 1);
    await nextTurn();
    const second = engine.submit('a', 1);
    await nextTurn();
    gate.resolve();
    await Promise.all([first.outcome, second.outcome]);
    await nextTurn();
    expect(changes.map(({ agent, from, to }) => `${agent}: ${from} > ${to}`)).toEqual([
      'a: idle > busy',
      'a: busy > overloaded',
      'a: overloaded > busy',
      'a: busy > idle',
    ]);
  });

  it('are told to listeners that may throw without harm', async () => {
    await using engine = await engineOf([io('a', 1, Promise.resolve())]);
    const errors: unknown[] = [];
    engine.on('agentState', () => {
      throw new Error('mine');
    });
    engine.on('listenerError', (event) => errors.push(event));
    expect(await engine.run('a', 1)).toBe('a');
    await nextTurn();
    expect(errors).toMatchObject([{ event: 'agentState' }, { event: 'agentState' }]);
  });
});

it('agents can be registered and removed while thousands of tasks run', async () => {
  await using engine = await engineOf([onThreads('echo')], { threads: { count: 2 } });
  const outcomes: Promise<unknown>[] = [];
  for (let round = 0; round < 10; round++) {
    const name = `extra ${round}`;
    const registering = engine.register(
      round % 2 === 0 ? onThreads(name, { export: 'echo' }) : ioAgent(name, { run: async (x: unknown) => x }),
    );
    for (let i = 0; i < 200; i++) outcomes.push(engine.run('echo', i).then((value) => expect(value).toBe(i)));
    await registering;
    for (let i = 0; i < 50; i++) {
      outcomes.push(
        engine.submit(name, i).outcome.then((outcome) => {
          if (outcome.status === 'completed') expect(outcome.value).toBe(i);
          else expect(outcome).toMatchObject(removed);
        }),
      );
    }
    if (round % 3 !== 0) await nextTurn();
    engine.remove(name);
  }
  await Promise.all(outcomes);
  const { tasks } = engine.stats();
  expect(tasks).toMatchObject({ submitted: 2_500, waiting: 0, running: 0 });
});
