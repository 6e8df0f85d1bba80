import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CancelledError, type Engine, ioAgent, type LiveTask, type TaskHandle } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

let engine: Engine;
let gate: ReturnType<typeof deferred<void>>;
beforeEach(async () => {
  gate = deferred();
  const run = async (input: unknown, ctx: { progress(n: number): Promise<void> }) => {
    await ctx.progress(0);
    await gate.promise;
    return input;
  };
  engine = await engineOf(
    [
      ioAgent('one', { run, limit: 1, capabilities: ['any'] }),
      ioAgent('two', { run, limit: 1 }),
      ioAgent('free', { run: (x: unknown) => x }),
      onThreads('hold'),
    ],
    { admission: { policy: 'none' }, queue: { limit: 200_000 } },
  );
});
afterEach(async () => {
  gate.resolve();
  await engine.close();
});

const idsOf = (handles: readonly TaskHandle[]) => handles.map(({ id }) => id);

/** The one that runs, and some that wait behind it. */
async function backlog(agent: string, count: number, options?: Parameters<Engine['submit']>[2]) {
  const first = engine.submit(agent, 0, options);
  const others = Array.from({ length: count }, (_, i) => engine.submit(agent, i + 1, options));
  await running(first);
  return [first, ...others];
}

function expectNothingLeft(): void {
  expect(engine.stats().tasks).toMatchObject({ waiting: 0, running: 0 });
}

describe('cancelling in bulk', () => {
  it('ends what waits and what runs, each with its own error and the given reason', async () => {
    const handles = await backlog('one', 3);
    const result = engine.cancel({ agent: 'one' }, { reason: 'the user has left' });
    expect(result).toEqual({ cancelled: idsOf(handles), total: 4, waiting: 3, running: 1, dependents: [] });
    for (const handle of handles) {
      expect(handle.state).toBe('cancelled');
      expect(await handle.outcome).toMatchObject({
        status: 'cancelled',
        reason: 'cancelled',
        error: { code: 'CANCELLED', taskId: handle.id, cause: 'the user has left' },
      });
    }
    await nextTurn();
    expectNothingLeft();
    expect(engine.stats().tasks.cancelled).toBe(4);
  });

  it('gives each task one error, whoever asks for it first: its handler or its caller', async () => {
    let reason: unknown;
    const hears = ioAgent('hears', {
      run: async (_input: unknown, ctx) => {
        await ctx.progress(0);
        ctx.signal.addEventListener('abort', () => {
          reason = ctx.signal.reason;
        });
        await new Promise(() => {});
      },
    });
    await engine.register(hears);
    const handle = engine.submit('hears', 1);
    const never = engine.run('hears', 2).catch((error: unknown) => error);
    await running(handle);
    await nextTurn();
    engine.cancel({ agent: 'hears' });
    const outcome = await handle.outcome;
    expect(outcome.status === 'cancelled' && outcome.error).toBeInstanceOf(CancelledError);
    expect(await handle.outcome).toBe(outcome);
    expect(await never).toMatchObject({ code: 'CANCELLED', agent: 'hears', reason: 'cancelled' });
    // The last to be cancelled; its caller has the same.
    expect(reason).toBe(await never);
  });

  it('leaves others alone, which go on in their order', async () => {
    const mine = await backlog('one', 4, { tags: ['mine'] });
    const yours = [1, 2, 3].map((n) => engine.submit('one', `yours ${n}`));
    expect(engine.cancel({ tag: 'mine' })).toMatchObject({ total: 5, waiting: 4, running: 1 });
    gate.resolve();
    const outcomes = await Promise.all(yours.map((handle) => handle.outcome));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['completed', 'completed', 'completed']);
    expect(mine.every(({ state }) => state === 'cancelled')).toBe(true);
  });

  const cases: [string, Parameters<Engine['cancel']>[0], number[]][] = [
    ['an agent', { agent: 'two' }, [4, 5]],
    ['a capability, by whichever agent it runs', { capability: 'any' }, [2, 3]],
    ['a tenant', { tenant: 'acme' }, [1, 5]],
    ['a tag', { tag: 'nightly' }, [3, 5]],
    ['the least priority', { priority: { min: 1 } }, [2, 4]],
    ['the most priority', { priority: { max: -1 } }, [3]],
    ['a range of priorities', { priority: { min: -10, max: 3 } }, [0, 1, 3, 5]],
    ['several conditions at once', { tenant: 'acme', tag: 'nightly' }, [5]],
    ['a predicate', { where: ({ input }) => (input as number) % 2 === 1 }, [1, 3, 5]],
    ['conditions and a predicate', { agent: 'one', where: ({ input }) => input === 1 }, [1]],
    ['everything', { all: true }, [0, 1, 2, 3, 4, 5]],
    ['nothing that there is', { tenant: 'nobody' }, []],
  ];
  it.each(cases)('finds tasks by %s', async (_name, filter, expected) => {
    const handles = [
      engine.submit('one', 0),
      engine.submit('one', 1, { tenant: 'acme' }),
      engine.submit({ capability: 'any' }, 2, { priority: 5 }),
      engine.submit({ capability: 'any' }, 3, { priority: 'low', tags: ['a', 'nightly'] }),
      engine.submit('two', 4, { priority: 'high' }),
      engine.submit('two', 5, { tenant: 'acme', tags: ['nightly', 'b'] }),
    ];
    await nextTurn();
    const result = engine.cancel(filter);
    expect(result.cancelled).toEqual(expected.map((i) => handles[i]!.id));
    expect(handles.flatMap(({ state }, i) => (state === 'cancelled' ? [i] : []))).toEqual(expected);
  });

  it('finds a task of a capability by the agent that runs it', async () => {
    const [first] = [engine.submit({ capability: 'any' }, 1), engine.submit({ capability: 'any' }, 2)];
    await running(first!);
    expect(engine.cancel({ agent: 'one' })).toMatchObject({ cancelled: [first!.id], running: 1, waiting: 0 });
  });

  it('finds the tasks of a stream by its tenant and tags', async () => {
    const stream = engine.stream('one', [1, 2, 3], { tenant: 'acme', tags: ['batch'] });
    const next = stream.next();
    await nextTurn();
    expect(engine.cancel({ tenant: 'acme', tag: 'batch' })).toMatchObject({ total: 3, running: 1 });
    expect((await next).value).toMatchObject({ status: 'cancelled' });
  });

  it('shows a predicate all there is to know about a task', async () => {
    const seen: unknown[] = [];
    const [first] = await backlog('one', 0, { tenant: 'acme', tags: ['a', 'b'], priority: 'high' });
    engine.submit({ capability: 'any' }, 'x');
    engine.cancel({
      where: ({ id, state, target, agent, priority, tenant, tags, ageMs, input }: LiveTask) => {
        seen.push({ id, state, target, agent, priority, tenant, tags, input });
        expect(ageMs).toBeGreaterThanOrEqual(0);
        return false;
      },
    });
    const [one] = seen;
    expect(one).toEqual({
      ...{ id: first!.id, state: 'running', target: 'one', agent: 'one', priority: 10, tenant: 'acme' },
      ...{ tags: ['a', 'b'], input: 0 },
    });
    expect(seen[1]).toMatchObject({
      state: 'pending',
      target: { capability: 'any' },
      agent: undefined,
      tags: [],
    });
  });

  it('lists no more than 10,000 ids, and counts the others', async () => {
    const handles = await backlog('one', 12_000);
    const result = engine.cancel({ all: true });
    expect(result).toMatchObject({ total: 12_001, waiting: 12_000, running: 1 });
    expect(result.cancelled).toEqual(idsOf(handles).slice(0, 10_000));
  });

  it('may be done again by a handler that is told to stop', async () => {
    let inner: unknown;
    const aborts = ioAgent('aborts', {
      run: async (_input: unknown, ctx) => {
        ctx.signal.addEventListener('abort', () => {
          inner = engine.cancel({ agent: 'aborts' }).total;
        });
        await ctx.progress(0);
        await gate.promise;
      },
    });
    await engine.register(aborts);
    const handles = [engine.submit('aborts', 1), engine.submit('aborts', 2)];
    await running(handles[1]!);
    const { total } = engine.cancel({ agent: 'aborts' });
    expect([total, inner]).toEqual([1, 1]);
    for (const handle of handles) expect(await handle.outcome).toMatchObject({ status: 'cancelled' });
  });
});

describe('cancelling by id', () => {
  it('tells what became of the one that it names', async () => {
    const [runs, waits] = await backlog('one', 1);
    const ended = engine.submit('free', 1);
    await ended.outcome;
    expect(engine.cancel({ id: waits!.id })).toMatchObject({ cancelled: [waits!.id], named: 'cancelled' });
    expect(engine.cancel({ id: waits!.id })).toMatchObject({ total: 0, cancelled: [], named: 'ended' });
    expect(engine.cancel({ id: ended.id })).toMatchObject({ total: 0, named: 'ended' });
    expect(engine.cancel({ id: runs!.id, tenant: 'other' })).toMatchObject({ total: 0, named: 'kept' });
    for (const id of ['t999999', 'T1', 't01', 'nonsense', 't1.5', 't-1']) {
      expect(engine.cancel({ id })).toMatchObject({ total: 0, named: 'unknown' });
    }
    expect(engine.cancel({ id: runs!.id })).toMatchObject({ running: 1, waiting: 0, named: 'cancelled' });
  });
});

describe('a thread', () => {
  it('is taken from a handler that ignores everything, after the grace period of its agent', async () => {
    await using own = await engineOf([onThreads('neverReturns', { graceMs: 0 }), onThreads('echo')]);
    const handle = own.submit('neverReturns', 1);
    await running(handle);
    expect(own.cancel({ agent: 'neverReturns' })).toMatchObject({ running: 1 });
    expect(await own.run('echo', 'next')).toBe('next');
    expect(own.stats().restarts).toBe(1);
  });

  it('is left to a handler that cleans up, for as long as the call says', async () => {
    await using own = await engineOf([onThreads('cleansUp', { graceMs: 0 }), onThreads('echo')]);
    const flag = new Flag();
    const handle = own.submit('cleansUp', { flag: flag.flag });
    await running(handle);
    own.cancel({ id: handle.id }, { graceMs: 30_000 });
    expect(await own.run('echo', 'next')).toBe('next');
    await vi.waitFor(() => expect(flag.isRaised).toBe(true), { timeout: 20_000, interval: 5 });
    expect(own.stats().restarts).toBe(0);
  });

  it('is taken at once if the call says so', async () => {
    await using own = await engineOf([onThreads('neverReturns', { graceMs: 60_000 }), onThreads('echo')]);
    const handle = own.submit('neverReturns', 1);
    await running(handle);
    own.cancel({ id: handle.id }, { graceMs: 0 });
    expect(await own.run('echo', 'next')).toBe('next');
    expect(own.stats().restarts).toBe(1);
  });

  it('gives back what had not started of a batch that is cancelled in part', async () => {
    const flag = new Flag();
    const long = engine.submit('hold', { flag: flag.flag, value: 'long' });
    await running(long);
    const doomed = Array.from({ length: 50 }, () =>
      engine.submit('hold', { flag: flag.flag }, { tags: ['x'] }),
    );
    const kept = engine.submit('hold', { flag: flag.flag, value: 'kept' });
    await nextTurn();
    expect(engine.cancel({ tag: 'x' })).toMatchObject({ total: 50 });
    expect(doomed.every(({ state }) => state === 'cancelled')).toBe(true);
    flag.raise();
    expect(await long.outcome).toMatchObject({ value: 'long' });
    expect(await kept.outcome).toMatchObject({ value: 'kept' });
  });
});
