import { afterEach, describe, expect, test } from 'vitest';
import {
  type BudgetOptions,
  type Engine,
  type EngineEvents,
  ioAgent,
  OverloadError,
  type TaskContext,
  type TaskOptions,
} from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

const DAY_MS = 86_400_000;
const EVENING_MS = 20_000 * DAY_MS + 23 * 3_600_000;

let engine: Engine;
let wallMs = EVENING_MS;
afterEach(async () => {
  await engine.close();
  wallMs = EVENING_MS;
});

/** What a call costs, and what it is expected to cost. */
interface Call {
  readonly usd: number;
  readonly expectedUsd?: number;
  readonly until?: Promise<void>;
}

const run = async ({ usd, until }: Call, ctx: TaskContext): Promise<number> => {
  await until;
  if (usd >= 0) await ctx.usage({ costUsd: usd });
  return usd;
};
const estimate = ({ usd, expectedUsd = usd }: Call) => ({ costUsd: expectedUsd });
const events: EngineEvents['budget'][] = [];

async function start(...budgets: BudgetOptions[]): Promise<void> {
  const { systemClock } = await import('../../src/contract/clock.ts');
  events.length = 0;
  engine = await engineOf(
    [ioAgent('call', { run, estimate, limit: 2_000 }), ioAgent('free', { run: () => 1 })],
    {
      budgets,
      clock: { ...systemClock, wallNow: () => wallMs },
      admission: { policy: 'none' },
    },
  );
  engine.on('budget', (event) => events.push(event));
}

const call = (usd: number, options?: TaskOptions) => engine.submit('call', { usd }, options).outcome;
const statusOf = async (usd: number, options?: TaskOptions) => (await call(usd, options)).status;
const spent = () => engine.stats().cost.budgets.map(({ usd }) => usd.spent);

describe('a budget', () => {
  test('warns at 80 %, sheds at 100 % with what is used up, and tells each of it once', async () => {
    await start({ name: 'all', usd: 10 });
    for (let i = 0; i < 10; i++) expect(await statusOf(1)).toBe('completed');
    const outcome = await call(1);
    expect(outcome).toMatchObject({ status: 'rejected', error: { reason: 'budget-exhausted', load: 1 } });
    expect(outcome.status === 'rejected' && outcome.error.message).toBe(
      'shed (budget-exhausted): budget "all": 10 of 10 USD spent; retry in 2147483647 ms',
    );
    await call(1);
    const event = { budget: 'all', tenant: undefined, workflow: undefined, unit: 'usd', limit: 10 };
    expect(events).toEqual([
      { ...event, level: 'warned', spent: 8 },
      { ...event, level: 'exhausted', spent: 10 },
    ]);
    expect(engine.stats().admission.shed['budget-exhausted']).toBe(2);
    expect(engine.stats().tasks).toMatchObject({
      submitted: 12,
      completed: 10,
      rejected: 2,
      waiting: 0,
      running: 0,
    });
    await expect(engine.run('call', { usd: 1 })).rejects.toThrow(OverloadError);
  });

  test('is not overshot by a thousand calls at once: what they may cost is reserved first', async () => {
    await start({ usd: 10 });
    const until = deferred();
    const handles = Array.from({ length: 1_000 }, () =>
      engine.submit('call', { usd: 0.1, expectedUsd: 0.25, until: until.promise }),
    );
    await nextTurn();
    expect(engine.stats().cost.budgets[0]!.usd).toEqual({ spent: 0, reserved: 10, limit: 10 });
    until.resolve();
    const outcomes = await Promise.all(handles.map(({ outcome }) => outcome));
    expect(outcomes.filter(({ status }) => status === 'completed')).toHaveLength(40);
    const shed = outcomes.find(({ status }) => status === 'rejected');
    expect(shed).toMatchObject({ error: { retryAfterMs: 1_000 } });
    expect(spent()[0]).toBeCloseTo(4, 9);
    expect(engine.stats().cost.budgets[0]!.usd.reserved).toBeCloseTo(0, 9);
    // What they did not need is there for others.
    expect(await statusOf(1)).toBe('completed');
  });

  test('of 0 sheds everything, also what costs nothing', async () => {
    await start({ tenant: 'a', usd: 0 });
    expect(await statusOf(0, { tenant: 'a' })).toBe('rejected');
    expect(await statusOf(0, { tenant: 'b' })).toBe('completed');
    expect((await engine.submit('free', 1, { tenant: 'a' }).outcome).status).toBe('rejected');
    expect(events).toMatchObject([{ tenant: 'a', level: 'exhausted', spent: 0, limit: 0 }]);
  });

  test('counts tokens, too', async () => {
    await start({ tokens: 100 });
    engine.remove('call');
    const spends = (tokens: number, ctx: TaskContext) => ctx.usage({ inputTokens: tokens, outputTokens: 10 });
    await engine.register(
      ioAgent('tokens', { run: spends, estimate: (n: number) => ({ inputTokens: n, outputTokens: 10 }) }),
    );
    expect((await engine.submit('tokens', 80).outcome).status).toBe('completed');
    expect((await engine.submit('tokens', 5).outcome).status).toBe('rejected');
    expect((await engine.submit('tokens', 0).outcome).status).toBe('completed');
    expect(events.map(({ unit, level, spent }) => [unit, level, spent])).toEqual([
      ['tokens', 'warned', 90],
      ['tokens', 'exhausted', 90],
    ]);
  });

  test('of each tenant is apart from those of others, and from tasks of nobody', async () => {
    await start({ tenant: '*', usd: 1 });
    for (const tenant of ['a', 'b']) {
      expect(await statusOf(1, { tenant })).toBe('completed');
      expect(await statusOf(1, { tenant })).toBe('rejected');
    }
    expect(await statusOf(5)).toBe('completed');
    const { budgets } = engine.stats().cost;
    expect(budgets.map(({ tenant, usd }) => [tenant, usd.spent])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });

  test('may be of a tenant, of a workflow and of both; the tightest decides, and none of the others is charged', async () => {
    await start(
      { tenant: 'a', usd: 10 },
      { workflow: 'nightly', usd: 5 },
      { tenant: 'a', workflow: 'nightly', usd: 2 },
    );
    const both = { tenant: 'a', workflow: 'nightly' };
    expect(await statusOf(2, both)).toBe('completed');
    expect(await statusOf(2, both)).toBe('rejected');
    expect(spent()).toEqual([2, 2, 2]);
    expect(await statusOf(2, { workflow: 'nightly' })).toBe('completed');
    expect(await statusOf(2, { tenant: 'a' })).toBe('completed');
    expect(spent()).toEqual([4, 4, 2]);
  });

  test('by day begins anew at midnight UTC; a clock that jumps forth and back finds what was spent', async () => {
    await start({ per: 'day', usd: 1 });
    expect(await statusOf(1)).toBe('completed');
    const outcome = await call(1);
    expect(outcome).toMatchObject({ status: 'rejected', error: { retryAfterMs: 3_600_000 } });
    wallMs += 3_600_000;
    expect(await statusOf(1)).toBe('completed');
    expect(await statusOf(1)).toBe('rejected');
    wallMs -= 3_600_000;
    expect(await statusOf(1)).toBe('rejected');
    wallMs += 1_000 * DAY_MS;
    expect(await statusOf(1)).toBe('completed');
    wallMs = EVENING_MS;
    expect(await statusOf(1)).toBe('rejected');
  });

  test('is charged on the day on which a call was let in', async () => {
    await start({ per: 'day', usd: 5 });
    const until = deferred();
    const handle = engine.submit('call', { usd: 4, until: until.promise });
    await nextTurn();
    wallMs += DAY_MS;
    expect(await statusOf(1)).toBe('completed');
    until.resolve();
    await handle.outcome;
    expect(spent()).toEqual([1]);
    wallMs -= DAY_MS;
    expect(spent()).toEqual([4]);
  });
});

describe('what is reserved for a call', () => {
  test('is released if it fails without saying what it used, or never starts', async () => {
    await start({ usd: 10 });
    const failing = ioAgent('failing', {
      run: async () => {
        throw new Error('mine');
      },
      estimate: () => ({ costUsd: 6 }),
      limit: 1,
    });
    await engine.register(failing);
    expect((await engine.submit('failing', 1).outcome).status).toBe('failed');
    const controller = new AbortController();
    controller.abort();
    expect((await engine.submit('failing', 1, { signal: controller.signal }).outcome).status).toBe(
      'cancelled',
    );
    const waiting = engine.submit('failing', 1);
    waiting.cancel();
    await nextTurn();
    expect(engine.stats().cost.budgets[0]!.usd).toEqual({ spent: 0, reserved: 0, limit: 10 });
  });

  test('is spent if it completes without saying what it used', async () => {
    await start({ usd: 10 });
    await engine.run('call', { usd: -1, expectedUsd: 6 });
    expect(spent()).toEqual([6]);
  });

  test('follows what calls used lately for an agent without an estimate', async () => {
    await start({ usd: 10 });
    const until = deferred();
    await engine.register(ioAgent('unknown', { run }));
    await engine.run('unknown', { usd: 3 });
    const handles = Array.from({ length: 3 }, () =>
      engine.submit('unknown', { usd: 3, until: until.promise }),
    );
    await nextTurn();
    expect(engine.stats().cost.budgets[0]!.usd).toMatchObject({ spent: 3, reserved: 6 });
    until.resolve();
    const outcomes = await Promise.all(handles.map(({ outcome }) => outcome));
    expect(outcomes.map(({ status }) => status)).toEqual(['completed', 'completed', 'rejected']);
  });

  test('is settled by what handlers on threads report', async () => {
    engine = await engineOf([onThreads('paysOnThread', { estimate: () => ({ costUsd: 5 }) })], {
      budgets: [{ usd: 10 }],
    });
    await engine.run('paysOnThread', { usages: [{ costUsd: 1 }, { costUsd: 1 }] });
    expect(engine.stats().cost.budgets[0]!.usd).toEqual({ spent: 2, reserved: 0, limit: 10 });
  });
});

test('a stream goes on past tasks that a budget turns away', async () => {
  await start({ usd: 2 });
  const statuses: string[] = [];
  const calls = Array.from({ length: 5 }, () => ({ usd: 1 }));
  for await (const { status } of engine.stream('call', calls, { ordered: true })) statuses.push(status);
  expect(statuses).toEqual(['completed', 'completed', 'rejected', 'rejected', 'rejected']);
});
