import { describe, expect, it, vi } from 'vitest';
import { type EngineEvents, ioAgent, UpstreamBusyError } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

vi.setConfig({ testTimeout: 20_000 });

/** An agent whose calls end when the test says so, in the order in which they started. */
function held(name: string, options: { limit?: number; upstream?: string } = {}) {
  const calls: { input: unknown; end: (error?: unknown) => void }[] = [];
  const agent = ioAgent(name, {
    ...options,
    run: (input: unknown) => {
      const call = deferred<unknown>();
      calls.push({ input, end: (error) => (error === undefined ? call.resolve(input) : call.reject(error)) });
      return call.promise;
    },
  });
  const inputs = () => calls.map(({ input }) => input);
  return { agent, calls, inputs };
}

describe('agents of one upstream', () => {
  it('share its limit, and each keeps to its own', async () => {
    const [a, b] = [held('a', { limit: 3, upstream: 'key' }), held('b', { limit: 2, upstream: 'key' })];
    await using engine = await engineOf([a.agent, b.agent]);
    for (let i = 0; i < 5; i++) for (const name of ['a', 'b']) engine.submit(name, i);
    await nextTurn();
    expect([a.calls.length, b.calls.length]).toEqual([3, 2]);
    expect(engine.stats().admission).toMatchObject({
      policy: 'adaptive',
      limits: [{ name: 'key', lane: 'loop', concurrency: 5, running: 5, waiting: 5 }],
    });
  });

  it('start at 8 where a limit is not given', async () => {
    const { agent, calls } = held('free');
    await using engine = await engineOf([agent]);
    for (let i = 0; i < 20; i++) engine.submit('free', i);
    await nextTurn();
    expect(calls).toHaveLength(8);
  });
});

describe('a busy upstream', () => {
  it('gets less at once, and nothing before it wants to be asked again', async () => {
    const clock = new ManualClock();
    const { agent, calls } = held('model', { limit: 10 });
    await using engine = await engineOf([agent], { clock });
    const handles = Array.from({ length: 30 }, (_, i) => engine.submit('model', i));
    await nextTurn();
    expect(calls).toHaveLength(10);
    clock.advance(100);
    const tooMany = Object.assign(new Error('slow down'), {
      status: 429,
      headers: new Headers({ 'retry-after': '2' }),
    });
    calls[0]!.end(tooMany);
    expect(await handles[0]!.outcome).toMatchObject({
      status: 'failed',
      error: { code: 'UPSTREAM_BUSY', cause: tooMany },
    });
    // The others that were under way say nothing new.
    calls[1]!.end(new UpstreamBusyError('slow down'));
    for (const call of calls.slice(2)) call.end();
    await handles[9]!.outcome;
    await nextTurn();
    expect(calls).toHaveLength(10);
    expect(engine.stats().admission.limits).toMatchObject([{ concurrency: 8, running: 0, waiting: 20 }]);
    clock.advance(1_999);
    await nextTurn();
    expect(calls).toHaveLength(10);
    clock.advance(1);
    await nextTurn();
    expect(calls).toHaveLength(18);
    while (engine.stats().tasks.running > 0) {
      for (const call of calls) call.end();
      await nextTurn();
    }
  });

  it('is not one whose threads say so, nor one that failed otherwise', async () => {
    await using engine = await engineOf([
      ioAgent('io', {
        run: async () => {
          throw Object.assign(new Error('x'), { status: 500 });
        },
      }),
      onThreads('throwSync'),
    ]);
    expect(await engine.submit('io', 1).outcome).toMatchObject({ error: { code: 'HANDLER_FAILED' } });
    expect(await engine.submit('throwSync', 'error').outcome).toMatchObject({
      error: { code: 'HANDLER_FAILED' },
    });
  });
});

describe('reserved places', () => {
  it('at an upstream are for high priority alone', async () => {
    const { agent, inputs } = held('model', { limit: 4 });
    await using engine = await engineOf([agent], {
      admission: { policy: 'adaptive', reserve: { high: 1 } },
    });
    for (let i = 0; i < 6; i++) engine.submit('model', `normal ${i}`);
    await nextTurn();
    expect(inputs()).toEqual(['normal 0', 'normal 1', 'normal 2']);
    engine.submit('model', 'high', { priority: 'high' });
    await nextTurn();
    expect(inputs().slice(3)).toEqual(['high']);
  });

  it('of threads are for high priority alone', async () => {
    const flags = [new Flag(), new Flag(), new Flag()];
    await using engine = await engineOf([onThreads('hold', { idempotent: false })], {
      threads: { count: 2 },
      admission: { policy: 'adaptive', reserve: { high: 1 } },
    });
    await vi.waitUntil(() => engine.stats().threads.filter(({ state }) => state === 'idle').length === 2);
    const [first, second] = [0, 1].map((i) => engine.submit('hold', { flag: flags[i]!.flag, value: i }));
    await running(first!);
    const high = engine.submit('hold', { flag: flags[2]!.flag, value: 2 }, { priority: 'high' });
    await running(high);
    expect(second!.state).toBe('pending');
    for (const flag of flags) flag.raise();
    expect(await second!.outcome).toMatchObject({ status: 'completed', value: 1 });
  });
});

it('an objective that the service alone misses is reported once, with the agent', async () => {
  const clock = new ManualClock();
  const { agent, calls } = held('slow', { limit: 200 });
  const slow = { ...agent, options: { ...agent.options, slo: { p99Ms: 50 } } };
  await using engine = await engineOf([slow], { clock });
  const told: EngineEvents['infeasible'][] = [];
  engine.on('infeasible', (event) => told.push(event));
  for (let i = 0; i < 150; i++) engine.submit('slow', i);
  await nextTurn();
  clock.advance(80);
  for (const call of calls) call.end();
  await nextTurn();
  clock.advance(1_000);
  for (let i = 0; i < 3; i++) {
    engine.submit('slow', i);
    clock.advance(200);
  }
  expect(told).toMatchObject([{ target: 'slow', sloMs: 50, samples: 150 }]);
  expect(told[0]!.serviceP50Ms).toBeGreaterThan(70);
});

describe('bad options', () => {
  it.each([
    [{ slo: { p99Ms: 0 } }, /slo\.p99Ms: expected a number of milliseconds above 0.*got 0/],
    [{ slo: { p99Ms: -1 } }, /slo\.p99Ms.*got -1/],
    [{ slo: { p99Ms: Number.NaN } }, /slo\.p99Ms.*got NaN/],
    [{ slo: { p99Ms: '250ms' } }, /slo\.p99Ms.*got '?"?250ms/],
    [{ slo: { p95Ms: 1 } }, /slo\.p99Ms: expected a value/],
    [{ admission: { policy: 'adaptive', reserve: { high: 0 } } }, /admission\.reserve\.high.*got 0/],
    [
      { admission: { policy: 'adaptive', minShare: { low: 1.5 } } },
      /admission\.minShare\.low.*0 to 1.*got 1\.5/,
    ],
    [
      { admission: { policy: 'adaptive', tenants: { weights: { a: 0 } } } },
      /admission\.tenants\.weights\.a.*above 0/,
    ],
    [{ admission: { policy: 'adaptive', memory: { rssMb: -1 } } }, /admission\.memory\.rssMb.*above 0/],
    [{ admission: { policy: 'adaptive', threshold: 0.8 } }, /threshold/],
  ])('%j', async (options, message) => {
    await expect(engineOf([], options as never)).rejects.toThrow(message);
  });

  it('a tenant that is no text', async () => {
    await using engine = await engineOf([ioAgent('io', { run: () => 1 })]);
    expect(() => engine.submit('io', 1, { tenant: '' })).toThrow(/task\.tenant/);
    expect(() => engine.submit('io', 1, { tenant: 5 as never })).toThrow(/task\.tenant/);
    expect(await engine.run('io', 1, { tenant: 'a' })).toBe(1);
  });
});
