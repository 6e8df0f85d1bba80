import { describe, expect, it, vi } from 'vitest';
import { type Engine, EngineClosedError, ioAgent, type Limit, OverloadError } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

const fixed = { policy: 'fixed' } as const;

/** An agent whose tasks end when the gate opens. */
function gated(limit = 1_000) {
  const gate = deferred();
  return { gate, agent: ioAgent('gated', { limit, run: async (n: number) => gate.promise.then(() => n) }) };
}
const submitAll = (engine: Engine, count: number) =>
  Array.from({ length: count }, (_, i) => engine.submit('gated', i));

describe('the fixed threshold', () => {
  it('sheds at 0.8 of the capacity with reason, load and when to come back', async () => {
    const { gate, agent } = gated();
    await using engine = await engineOf([agent], { queue: { limit: 10 }, admission: fixed });
    const handles = submitAll(engine, 9);
    expect(handles.map((handle) => handle.state)).toEqual([...Array(8).fill('pending'), 'rejected']);
    const outcome = await handles[8]!.outcome;
    expect(outcome).toMatchObject({
      status: 'rejected',
      agent: undefined,
      timing: { waitMs: 0, serviceMs: 0, totalMs: 0 },
    });
    const { error } = outcome as { error: OverloadError };
    expect(error).toBeInstanceOf(OverloadError);
    expect(error).toMatchObject({ code: 'OVERLOADED', reason: 'over-limit', load: 0.8 });
    expect(error.retryAfterMs).toBeGreaterThan(0);
    await expect(engine.run('gated', 1)).rejects.toMatchObject({
      code: 'OVERLOADED',
      reason: 'over-limit',
      load: 0.8,
    });
    expect(engine.stats()).toMatchObject({
      loadFactor: 0.8,
      tasks: { submitted: 10, rejected: 2, running: 8 },
    });
    gate.resolve();
    await Promise.all(handles.map((handle) => handle.outcome));
    expect(await engine.run('gated', 5)).toBe(5);
    expect(engine.stats()).toMatchObject({
      loadFactor: 0,
      tasks: { submitted: 11, rejected: 2, completed: 9 },
    });
  });

  it('counts tasks that run as well as tasks that wait', async () => {
    const { gate, agent } = gated(3);
    await using engine = await engineOf([agent], {
      admission: { policy: 'fixed', capacity: 10, threshold: 0.5 },
    });
    const handles = submitAll(engine, 5);
    await nextTurn();
    expect(engine.stats().tasks).toMatchObject({ running: 3, waiting: 2 });
    expect(engine.submit('gated', 1).state).toBe('rejected');
    handles[4]!.cancel();
    expect(engine.submit('gated', 1).state).toBe('pending');
    gate.resolve();
  });

  it('leaves a shed task as it is, whatever is done to its handle', async () => {
    const { gate, agent } = gated();
    await using engine = await engineOf([agent], { queue: { limit: 1 }, admission: fixed });
    const [, shed] = submitAll(engine, 2);
    expect(shed!.cancel()).toBe(false);
    expect(shed!.reprioritize('high')).toBe(false);
    shed!.on('progress', () => {})();
    expect(await shed!.outcome).toBe(await shed!.outcome);
    gate.resolve();
  });
});

describe('a full queue', () => {
  it('sheds as queue-full where the policy would let in', async () => {
    const { gate, agent } = gated(2);
    await using engine = await engineOf([agent], { queue: { limit: 5 }, admission: { policy: 'none' } });
    const running = submitAll(engine, 2);
    await nextTurn();
    const handles = submitAll(engine, 6);
    expect(handles.map((handle) => handle.state)).toEqual([...Array(5).fill('pending'), 'rejected']);
    expect(await handles[5]!.outcome).toMatchObject({
      error: { code: 'OVERLOADED', reason: 'queue-full', load: 1 },
    });
    expect(engine.stats().queue).toEqual({ waiting: 5, limit: 5 });
    const ready = engine.ready();
    gate.resolve();
    await ready;
    await Promise.all([...running, ...handles].map((handle) => handle.outcome));
  });
});

describe('a policy of the user', () => {
  const limitOf = (fields: Partial<Limit>): Limit => ({
    acquire: () => undefined,
    release: () => {},
    hasRoom: () => true,
    load: () => 0.5,
    ...fields,
  });

  it('is asked once a task and told once how it ended', async () => {
    const told: unknown[] = [];
    const limit = limitOf({
      acquire: (level) => {
        told.push(['acquire', level]);
        return level < 0 ? { reason: 'over-limit', load: 0.9, retryAfterMs: 7 } : undefined;
      },
      release: (outcome) => void told.push(outcome),
    });
    await using engine = await engineOf(
      [
        ioAgent('ok', { run: async () => 1 }),
        ioAgent('bad', { run: async () => Promise.reject(new Error('no')) }),
        ioAgent('slow', { run: () => new Promise(() => {}), timeoutMs: 1 }),
      ],
      { admission: { policy: 'custom', limit } },
    );
    expect(await engine.submit('ok', 1, { priority: 'low' }).outcome).toMatchObject({
      status: 'rejected',
      error: { load: 0.9, retryAfterMs: 7 },
    });
    await engine.submit('ok', 1, { priority: 'high' }).outcome;
    await engine.submit('bad', 1).outcome;
    await engine.submit('slow', 1).outcome;
    const cancelled = engine.submit('ok', 1, { priority: 3 });
    cancelled.cancel();
    await cancelled.outcome;
    expect(told).toEqual([
      ['acquire', -10],
      ['acquire', 10],
      'success',
      ['acquire', 0],
      'ignored',
      ['acquire', 0],
      'dropped',
      ['acquire', 3],
      'ignored',
    ]);
  });

  it('that throws sheds as policy-failed, is reported, and loses no task', async () => {
    let broken = false;
    const fail = (): undefined => {
      if (broken) throw new Error('policy');
    };
    const limit = limitOf({
      acquire: fail,
      release: fail,
      hasRoom: () => fail() ?? true,
      load: () => fail() ?? 0,
    });
    const { gate, agent } = gated();
    await using engine = await engineOf([agent], { admission: { policy: 'custom', limit } });
    const errors: unknown[] = [];
    engine.on('listenerError', ({ event }) => errors.push(event));
    const handle = engine.submit('gated', 1);
    broken = true;
    expect(await engine.submit('gated', 2).outcome).toMatchObject({
      status: 'rejected',
      error: { reason: 'policy-failed', load: expect.any(Number) },
    });
    gate.resolve();
    expect(await handle.outcome).toMatchObject({ status: 'completed', value: 1 });
    expect(errors).toEqual(['admission', 'admission']);
    expect(engine.stats().tasks).toMatchObject({ submitted: 2, completed: 1, rejected: 1 });
  });
});

describe('ready', () => {
  it('resolves at once while there is room, and otherwise when there is', async () => {
    const { gate, agent } = gated();
    await using engine = await engineOf([agent], { queue: { limit: 1 }, admission: fixed });
    await engine.ready();
    const handle = engine.submit('gated', 1);
    let isReady = false;
    const ready = engine.ready({ priority: 'high' }).then(() => {
      isReady = true;
    });
    await nextTurn();
    expect(isReady).toBe(false);
    gate.resolve();
    await handle.outcome;
    await ready;
    expect(engine.submit('gated', 2).state).toBe('pending');
  });

  it('rejects with the reason when its signal aborts, before or meanwhile, and leaves no listener', async () => {
    const { gate, agent } = gated();
    await using engine = await engineOf([agent], { queue: { limit: 1 }, admission: fixed });
    await expect(engine.ready({ signal: AbortSignal.abort('early') })).rejects.toBe('early');
    engine.submit('gated', 1);
    const controller = new AbortController();
    const ready = engine.ready({ signal: controller.signal });
    await nextTurn();
    controller.abort(new Error('meanwhile'));
    await expect(ready).rejects.toThrow('meanwhile');
    gate.resolve();
  });

  it('rejects when the engine closes', async () => {
    const { gate, agent } = gated();
    const engine = await engineOf([agent], { queue: { limit: 1 }, admission: fixed });
    engine.submit('gated', 1);
    const ready = engine.ready();
    const closing = engine.close();
    await expect(ready).rejects.toBeInstanceOf(EngineClosedError);
    gate.resolve();
    await closing;
  });

  it('wakes those who wait for room even if it was made without any task ending', async () => {
    const never = deferred();
    const stuck = ioAgent('stuck', { limit: 1, capabilities: ['work'], run: () => never.promise });
    await using engine = await engineOf([stuck], { queue: { limit: 1 }, admission: { policy: 'none' } });
    engine.submit({ capability: 'work' }, 1);
    await nextTurn();
    engine.submit({ capability: 'work' }, 1);
    const ready = engine.ready();
    await nextTurn();
    // Takes the one that waits, and keeps it.
    await engine.register(ioAgent('other', { capabilities: ['work'], run: () => never.promise }));
    await nextTurn();
    expect(engine.stats().queue.waiting).toBe(0);
    await ready;
    never.resolve();
  });
});
