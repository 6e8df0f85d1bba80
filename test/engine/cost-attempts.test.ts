import { afterEach, describe, expect, test } from 'vitest';
import { type Engine, ioAgent, type TaskContext } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred } from '../fixtures/waiting.ts';

let engine: Engine;
afterEach(() => engine.close());

const RESOURCES = { key: { requestsPerMinute: 10_000, concurrency: 10 } };
const key = () => engine.stats().cost.resources.key!;

describe('a task with several attempts', () => {
  test('draws on its resources for each of them, and is charged for all that they report', async () => {
    let calls = 0;
    const run = async (_input: number, ctx: TaskContext) => {
      await ctx.usage({ costUsd: 1 });
      if (++calls < 3) throw new Error('mine');
    };
    engine = await engineOf(
      [
        ioAgent('flaky', {
          run,
          resources: ['key'],
          estimate: () => ({ costUsd: 1 }),
          retry: { attempts: 3, baseMs: 0 },
        }),
      ],
      { resources: RESOURCES, budgets: [{ usd: 10 }] },
    );
    expect(await engine.submit('flaky', 1).outcome).toMatchObject({ status: 'completed' });
    expect(key()).toMatchObject({ calls: 3, inFlight: 0, requests: { used: 3 }, costUsd: 3 });
    expect(engine.stats().cost.budgets[0]!.usd).toEqual({ spent: 3, reserved: 0, limit: 10 });
  });

  test('counts what an attempt that timed out reports when the next one runs already', async () => {
    const late = deferred();
    const reported = deferred();
    const second = deferred();
    let calls = 0;
    const run = async (_input: number, ctx: TaskContext) => {
      if (++calls === 1) {
        await late.promise;
        await ctx.usage({ inputTokens: 5, costUsd: 2 });
        reported.resolve();
        return;
      }
      second.resolve();
      await reported.promise;
      await ctx.usage({ inputTokens: 1, costUsd: 1 });
    };
    engine = await engineOf(
      [ioAgent('slow', { run, resources: ['key'], timeoutMs: 500, retry: { attempts: 2, baseMs: 0 } })],
      { resources: RESOURCES, budgets: [{ usd: 10 }] },
    );
    const handle = engine.submit('slow', 1);
    await second.promise;
    late.resolve();
    expect(await handle.outcome).toMatchObject({ status: 'completed' });
    expect(engine.stats().cost.byAgent.slow).toMatchObject({ costUsd: 3 });
  });

  test('that goes on to another agent leaves what the first one drew on', async () => {
    const broken = async (): Promise<unknown> => {
      throw new Error('mine');
    };
    engine = await engineOf(
      [
        ioAgent('first', { run: broken, resources: ['key'], fallback: ['second'] }),
        ioAgent('second', { run: (_input: number, ctx: TaskContext) => ctx.usage({ costUsd: 1 }) }),
        ioAgent('other', {
          run: broken,
          resources: ['key'],
          estimate: () => ({ costUsd: 5 }),
          fallback: [() => 'nothing'],
        }),
      ],
      { resources: RESOURCES, budgets: [{ usd: 10 }] },
    );
    expect(await engine.submit('first', 1).outcome).toMatchObject({ status: 'completed' });
    expect(await engine.submit('other', 1).outcome).toMatchObject({ status: 'completed' });
    expect(key()).toMatchObject({ calls: 2, inFlight: 0 });
    expect(engine.stats().cost.budgets[0]!.usd).toEqual({ spent: 1, reserved: 0, limit: 10 });
  });
});

test('a handler in a process of its own reports as others do', async () => {
  engine = await engineOf([onThreads('paysOnThread', { isolate: 'process', resources: ['key'] })], {
    resources: { key: {} },
  });
  const headers = { 'x-ratelimit-limit-requests': '60' };
  await engine.run('paysOnThread', { usages: [{ inputTokens: 3, costUsd: 1 }], headers });
  expect(key()).toMatchObject({ inputTokens: 3, costUsd: 1, requests: { limit: 60 } });
  const outcome = await engine.submit('paysOnThread', { usages: [{ inputTokens: -1 }] }).outcome;
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'HANDLER_FAILED' } });
});
