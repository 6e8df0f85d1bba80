import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, ioAgent, type TaskContext, type Usage } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
// @ts-expect-error: handlers are JavaScript, as users may write them.
import * as handlers from '../fixtures/handlers.mjs';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

const PRICES = { requestUsd: 0.5, millionInputTokensUsd: 2, millionOutputTokensUsd: 8 };

let engine: Engine;
beforeAll(async () => {
  engine = await engineOf(
    [
      onThreads('thread', { export: 'paysOnThread' }),
      ioAgent('loop', { run: handlers.paysOnThread }),
      onThreads('pricedThread', { export: 'paysOnThread', resources: ['key'] }),
      ioAgent('pricedLoop', { run: handlers.paysOnThread, resources: ['key'] }),
    ],
    { resources: { key: { costPerUnit: PRICES } } },
  );
});
afterAll(() => engine.close());

const NOTHING = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
const costs = () => engine.stats().cost;

describe.each(['thread', 'loop'])('what a call reports (%s)', (agent) => {
  test.each([true, false])('adds up, whether it waits for the report or not: %s', async (wait) => {
    const before = costs().total;
    const usages: Usage[] = [{ inputTokens: 10 }, { outputTokens: 5, costUsd: 0.25 }, {}, { inputTokens: 1 }];
    const handle = engine.submit(
      agent,
      { usages, wait },
      { tenant: `t-${agent}-${wait}`, workflow: 'nightly' },
    );
    const heard: Usage[] = [];
    handle.on('usage', (usage) => heard.push(usage));
    await handle.outcome;
    expect(heard).toEqual(usages);
    const used = { inputTokens: 11, outputTokens: 5, costUsd: 0.25 };
    const { total, byTenant, byWorkflow, byAgent } = costs();
    expect(byTenant[`t-${agent}-${wait}`]).toEqual(used);
    expect(total.inputTokens - before.inputTokens).toBe(11);
    expect(byWorkflow.nightly!.inputTokens).toBeGreaterThanOrEqual(11);
    expect(byAgent[agent]!.outputTokens).toBeGreaterThanOrEqual(5);
  });

  test('is in the outcome, as a sum; where nothing is reported there is none', async () => {
    const usages: Usage[] = [{ inputTokens: 10 }, { outputTokens: 5, costUsd: 0.25 }];
    const outcome = await engine.submit(agent, { usages, wait: false }).outcome;
    const usage = { inputTokens: 10, outputTokens: 5, costUsd: 0.25 };
    expect(outcome.usage).toEqual(usage);
    expect(JSON.parse(JSON.stringify(outcome))).toMatchObject({ status: 'completed', usage });
    const silent = await engine.submit(agent, { usages: [], wait: false }).outcome;
    expect(silent.status).toBe('completed');
    expect('usage' in silent).toBe(false);
  });

  test('is in the outcome of a task that failed as well, from all of its attempts', async () => {
    const usages = [{ inputTokens: 3 }, { inputTokens: 'no number' }];
    const outcome = await engine.submit(
      agent,
      { usages, wait: true },
      { retry: { attempts: 2, backoff: () => 0 } },
    ).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'HANDLER_FAILED' } });
    expect(outcome.attempts).toHaveLength(2);
    expect(outcome.usage).toEqual({ inputTokens: 6, outputTokens: 0, costUsd: 0 });
  });

  test.each([
    [{ inputTokens: -1 }, 'usage.inputTokens: expected a number of at least 0, got -1'],
    [{ outputTokens: Number.NaN }, 'usage.outputTokens: expected a number of at least 0, got NaN'],
    [{ costUsd: Number.POSITIVE_INFINITY }, 'usage.costUsd: expected a number of at least 0, got Infinity'],
    [{ inputTokens: '5' }, 'usage.inputTokens: expected a number of at least 0, got string'],
    [{ tokens: 5 }, 'usage.tokens: unknown field; known are inputTokens, outputTokens, costUsd'],
    [null, 'usage: expected an object with inputTokens, outputTokens, costUsd, got null'],
  ])('is refused where it is reported if it is %o, and counts nothing', async (usage, message) => {
    const before = costs().total;
    const outcome = await engine.submit(agent, { usages: [usage], wait: false }).outcome;
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'HANDLER_FAILED', cause: { message } },
    });
    expect(costs().total).toEqual(before);
  });
});

describe.each(['pricedThread', 'pricedLoop'])('the cost of a call (%s)', (agent) => {
  test('is that of its units, unless it says itself what it cost; each call has its price', async () => {
    const before = costs().byAgent[agent] ?? NOTHING;
    await engine.run(agent, {
      usages: [
        { inputTokens: 500_000, outputTokens: 250_000 },
        { inputTokens: 9, costUsd: 4 },
      ],
    });
    const after = costs().byAgent[agent]!;
    expect(after.costUsd - before.costUsd).toBeCloseTo(0.5 + 1 + 2 + 4, 9);
    expect(costs().resources.key).toMatchObject({ inFlight: 0 });
  });
});

describe('what a call reports after its task has ended', () => {
  let own: Engine;
  afterEach(() => own.close());

  test('counts all the same: the call has gone on, and costs', async () => {
    const started = deferred();
    const end = deferred();
    const reported = deferred();
    const run = async (_input: unknown, ctx: TaskContext) => {
      started.resolve();
      await end.promise;
      await ctx.usage({ costUsd: 3 });
      reported.resolve();
    };
    own = await engineOf([ioAgent('slow', { run, estimate: () => ({ costUsd: 5 }) })], {
      budgets: [{ tenant: 'a', usd: 10 }],
    });
    const handle = own.submit('slow', 1, { tenant: 'a' });
    await started.promise;
    handle.cancel();
    expect((await handle.outcome).usage).toBeUndefined();
    // What it costs is not known: the estimate stands.
    expect(own.stats().cost.budgets[0]).toMatchObject({ usd: { spent: 5, reserved: 0, limit: 10 } });
    end.resolve();
    await reported.promise;
    expect(own.stats().cost).toMatchObject({
      total: { costUsd: 3 },
      byTenant: { a: { costUsd: 3 } },
      budgets: [{ usd: { spent: 3, reserved: 0 } }],
    });
  });

  test.each([
    { before: [{ inputTokens: 1 }], usage: { inputTokens: 1, outputTokens: 0, costUsd: 0 } },
    { before: [], usage: undefined },
  ])('is in no outcome, whenever that is read ($before.length reports before)', async ({ before, usage }) => {
    const started = deferred();
    const end = deferred();
    const reported = deferred();
    const run = async (_input: unknown, ctx: TaskContext) => {
      for (const one of before) await ctx.usage(one);
      started.resolve();
      await end.promise;
      await ctx.usage({ inputTokens: 10 });
      reported.resolve();
    };
    own = await engineOf([ioAgent('slow', { run })]);
    const handle = own.submit('slow', 1);
    await started.promise;
    handle.cancel();
    end.resolve();
    await reported.promise;
    expect((await handle.outcome).usage).toEqual(usage);
    expect(own.stats().cost.total.inputTokens).toBe(10 + before.length);
  });

  test('names of tenants are bounded: those who come late are counted together', async () => {
    const run = (_input: number, ctx: TaskContext) => ctx.usage({ inputTokens: 1 });
    own = await engineOf([ioAgent('call', { run })], { admission: { policy: 'none' } });
    const tasks = Array.from({ length: 1_010 }, (_, n) => own.run('call', n, { tenant: `t${n}` }));
    await Promise.all(tasks);
    await nextTurn();
    const { byTenant } = own.stats().cost;
    expect(Object.keys(byTenant)).toHaveLength(1_001);
    expect(byTenant['*']).toEqual({ inputTokens: 10, outputTokens: 0, costUsd: 0 });
  });
});
