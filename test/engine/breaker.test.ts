import { describe, expect, it, vi } from 'vitest';
import {
  type Agent,
  BreakerOpenError,
  type Engine,
  type EngineEvents,
  ioAgent,
  UpstreamBusyError,
} from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

vi.setConfig({ testTimeout: 60_000 });

const NONE = { policy: 'none' } as const;
const breakersOf = (engine: Engine) => engine.stats().agents.map(({ breaker }) => breaker?.state);

/** An engine on a clock that stands still, and an agent whose calls do what a test says. */
async function broken(others: readonly Agent[] = []) {
  const clock = new ManualClock();
  const run = { call: async (): Promise<unknown> => Promise.reject(new Error('down')) };
  const flaky = ioAgent('flaky', {
    run: () => run.call(),
    capabilities: ['work'],
    limit: 100,
    breaker: true,
  });
  const engine = await engineOf([flaky, ...others], { clock, admission: NONE });
  const events: EngineEvents['breaker'][] = [];
  engine.on('breaker', (event) => events.push(event));
  const calls = (count: number) =>
    Promise.all(Array.from({ length: count }, () => engine.submit('flaky', 1).outcome));
  return { clock, run, engine, events, calls };
}

describe('an agent that fails', () => {
  it('is left alone: its tasks fail at once, those that wait as well, and say when to come again', async () => {
    const { engine, run, events, calls } = await broken();
    const gate = deferred();
    run.call = () => gate.promise;
    const handles = Array.from({ length: 150 }, () => engine.submit('flaky', 1));
    await nextTurn();
    expect(engine.stats().tasks).toMatchObject({ waiting: 50, running: 100 });
    gate.reject(new Error('down'));
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    const codes = outcomes.map((outcome) => outcome.status === 'failed' && outcome.error.code);
    expect(codes.slice(0, 100)).toEqual(Array(100).fill('HANDLER_FAILED'));
    expect(codes.slice(100)).toEqual(Array(50).fill('BREAKER_OPEN'));
    expect(events).toEqual([
      {
        agent: 'flaky',
        upstream: undefined,
        from: 'closed',
        to: 'open',
        why: '20 of the last 20 calls failed',
      },
    ]);
    const [outcome] = await calls(1);
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'BREAKER_OPEN', retryAfterMs: 500 } });
    expect(outcome?.status === 'failed' && outcome.error).toBeInstanceOf(BreakerOpenError);
    expect(engine.stats().tasks).toMatchObject({ waiting: 0, running: 0, failed: 151, submitted: 151 });
    await engine.close();
  });

  it('gets exactly three tasks at a time once it is half-open, and all when five have succeeded', async () => {
    const { engine, clock, run, events, calls } = await broken();
    await calls(20);
    clock.advance(500);
    const gates: ReturnType<typeof deferred<void>>[] = [];
    run.call = () => {
      gates.push(deferred<void>());
      return gates.at(-1)!.promise;
    };
    const handles = Array.from({ length: 10 }, () => engine.submit('flaky', 1));
    await nextTurn();
    expect([gates.length, breakersOf(engine)]).toEqual([3, ['half-open']]);
    handles[1]!.cancel();
    await nextTurn();
    expect(gates.length).toBe(4);
    for (const ended of [0, 2, 3, 4]) {
      gates[ended]!.resolve();
      await nextTurn();
    }
    expect([gates.length, breakersOf(engine)]).toEqual([8, ['half-open']]);
    gates[5]!.resolve();
    await nextTurn();
    expect([gates.length, breakersOf(engine)]).toEqual([10, ['closed']]);
    for (const gate of gates) gate.resolve();
    await Promise.all(handles.map((handle) => handle.outcome));
    expect(events.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'closed open',
      'open half-open',
      'half-open closed',
    ]);
    await engine.close();
  });

  it('opens again when a probe fails, and what waits behind the probes fails with it', async () => {
    const { engine, clock, calls } = await broken();
    await calls(20);
    clock.advance(500);
    const outcomes = await calls(10);
    const codes = outcomes.map((outcome) => outcome.status === 'failed' && outcome.error.code);
    expect(codes.filter((code) => code === 'HANDLER_FAILED').length).toBe(3);
    expect(codes.filter((code) => code === 'BREAKER_OPEN').length).toBe(7);
    expect(engine.stats().agents[0]?.breaker).toMatchObject({
      state: 'open',
      openings: 2,
      retryAfterMs: 1_000,
    });
    await engine.close();
  });

  it('leaves the tasks of its capability to the others', async () => {
    const healthy = ioAgent('healthy', { run: () => 'well', capabilities: ['work'], limit: 100 });
    const { engine, calls } = await broken([healthy]);
    await calls(20);
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => engine.submit({ capability: 'work' }, 1).outcome),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ agent: 'healthy', value: 'well' });
    expect(engine.stats().agents.map(({ name, breaker }) => [name, breaker?.state])).toEqual([
      ['flaky', 'open'],
      ['healthy', undefined],
    ]);
    await engine.close();
  });

  it('does not for what its callers did: cancels, wrong inputs, and calls that were asked to slow down', async () => {
    const clock = new ManualClock();
    const never = new Promise(() => {});
    const tooMany = Object.assign(new Error('too many'), { status: 429 });
    const run = async (kind: string) => {
      if (kind === 'never') await never;
      if (kind === 'busy') throw new UpstreamBusyError('busy');
      if (kind === '429') throw tooMany;
      return kind;
    };
    const engine = await engineOf([ioAgent('a', { run, limit: 100, breaker: true })], {
      clock,
      admission: NONE,
    });
    const kinds = ['never', 'busy', '429', 'fine'];
    const handles = Array.from({ length: 80 }, (_, i) => engine.submit('a', kinds[i % 4]));
    await nextTurn();
    for (const handle of handles) handle.cancel();
    await Promise.all(handles.map((handle) => handle.outcome));
    expect(engine.stats().agents[0]?.breaker).toMatchObject({ state: 'closed', calls: 20, failed: 0 });
    await engine.close();
  });

  it('does for an upstream that is down, which says 503', async () => {
    const { run, calls, engine } = await broken();
    run.call = () => Promise.reject(Object.assign(new Error('unavailable'), { status: 503 }));
    await calls(20);
    expect(breakersOf(engine)).toEqual(['open']);
    await engine.close();
  });

  it('shares its breaker with the others of its upstream', async () => {
    const clock = new ManualClock();
    const io = (name: string, isDown: boolean) =>
      ioAgent(name, {
        run: () => (isDown ? Promise.reject(new Error('down')) : name),
        upstream: 'account',
        breaker: { openMs: 100 },
      });
    const engine = await engineOf([io('a', true), io('b', false)], { clock, admission: NONE });
    const events: EngineEvents['breaker'][] = [];
    engine.on('breaker', (event) => events.push(event));
    await Promise.all(Array.from({ length: 20 }, () => engine.submit('a', 1).outcome));
    expect(await engine.submit('b', 1).outcome).toMatchObject({ error: { code: 'BREAKER_OPEN' } });
    expect(events).toMatchObject([{ agent: undefined, upstream: 'account', to: 'open' }]);
    clock.advance(100);
    for (let i = 0; i < 5; i++) expect(await engine.run('b', 1)).toBe('b');
    expect(breakersOf(engine)).toEqual(['closed', 'closed']);
    await engine.close();
  });

  it('has its tasks go on to its fallback at once, past another that is left alone as well', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const run = (): Promise<string> => {
      calls++;
      return Promise.reject(new Error('down'));
    };
    const agents = [
      ioAgent('first', { run, breaker: true, fallback: ['second', () => 'spare'] }),
      ioAgent('second', { run, breaker: true }),
    ];
    const engine = await engineOf(agents, { clock, admission: NONE });
    for (let i = 0; i < 20; i++) expect(await engine.run('first', 1)).toBe('spare');
    expect(breakersOf(engine)).toEqual(['open', 'open']);
    expect(calls).toBe(40);
    expect(await engine.submit('first', 1).outcome).toMatchObject({
      status: 'completed',
      value: 'spare',
      degraded: { error: { code: 'BREAKER_OPEN' } },
    });
    expect(calls).toBe(40);
    await engine.close();
  });

  it('counts each attempt of a task that is tried again', async () => {
    const clock = new ManualClock();
    const agent = ioAgent('a', {
      run: () => Promise.reject(new Error('down')),
      breaker: true,
      retry: { attempts: 10, backoff: () => 0 },
    });
    const engine = await engineOf([agent], {
      clock,
      admission: NONE,
      retryBudget: { share: 1, minimum: 1_000 },
    });
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => engine.submit('a', 1).outcome));
    expect(breakersOf(engine)).toEqual(['open']);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'failed' });
      expect(outcome.attempts?.length).toBeLessThanOrEqual(6);
    }
    expect(engine.stats().agents[0]?.counts.failed).toBeGreaterThanOrEqual(20);
    await engine.close();
  });

  it('can be removed and registered again while its breaker is open', async () => {
    const { engine, clock, calls } = await broken();
    await calls(20);
    expect(engine.remove('flaky')).toBe(true);
    clock.advance(10_000);
    await engine.register(ioAgent('flaky', { run: () => 'new', breaker: { minCalls: 5 } }));
    expect(await engine.run('flaky', 1)).toBe('new');
    await engine.close();
  });

  it('keeps no timer after its engine was closed', async () => {
    const { engine, clock, calls } = await broken();
    await calls(20);
    await engine.close();
    expect(clock.pending).toBe(0);
  });
});

describe('an agent on threads that fails', () => {
  it('is left alone, and taken in again when it has recovered', async () => {
    const agents = [
      onThreads('surviveSync', {
        capabilities: ['work'],
        breaker: { minCalls: 5, openMs: 50, closeAfter: 2 },
      }),
      onThreads('echo', { capabilities: ['work'] }),
      onThreads('throwSync', { breaker: { openMs: 60_000 } }),
    ];
    await using engine = await engineOf(agents, { threads: { count: 2 }, restarts: { max: 100 } });
    const closed = deferred();
    engine.on('breaker', ({ agent, to }) => {
      if (agent === 'surviveSync' && to === 'closed') closed.resolve();
    });
    const dying = Array.from({ length: 5 }, () => engine.submit('surviveSync', { fate: 'exit' }).outcome);
    await Promise.all(dying);
    expect(engine.stats().agents[0]?.breaker).toMatchObject({ state: 'open' });
    const throwing = Array.from({ length: 200 }, () => engine.submit('throwSync', 'error').outcome);
    await Promise.all(throwing);
    expect(await engine.submit('throwSync', 'error').outcome).toMatchObject({
      error: { code: 'BREAKER_OPEN' },
    });
    let isClosed = false;
    void closed.promise.then(() => {
      isClosed = true;
    });
    while (!isClosed) {
      const outcome = await engine.submit({ capability: 'work' }, { value: 1 }).outcome;
      expect(outcome.status).toBe('completed');
    }
    expect(await engine.run('surviveSync', { value: 7 })).toBe(7);
  });
});
