import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, ioAgent, type TaskContext } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { type Call, HeldCalls } from '../fixtures/held-calls.ts';
import { nextTurn } from '../fixtures/waiting.ts';

let held: HeldCalls;
let own: Engine | undefined;
beforeEach(() => {
  held = new HeldCalls();
  own = undefined;
});
afterEach(() => own?.close() ?? held.close());

describe('what a provider says of its limits', () => {
  const headers = (limit: number, remaining: number, reset: string) => ({
    'x-ratelimit-limit-requests': String(limit),
    'x-ratelimit-remaining-requests': String(remaining),
    'x-ratelimit-reset-requests': reset,
  });
  const reporting = (said: object) => async (_call: Call, ctx: TaskContext) => ctx.rateLimit(said);

  test('holds for a resource that has no limits of its own', async () => {
    const run = reporting(headers(60, 59, '1s'));
    await held.start({ key: {} }, [ioAgent('a', { run, resources: ['key'] })]);
    await held.engine.run('a', { name: 'one' });
    expect(held.engine.stats().cost.resources.key!.requests).toEqual({ used: 0, limit: 60 });
  });

  test('lowers a limit, and keeps calls back while nothing is left', async () => {
    const run = reporting(headers(500, 0, '30s'));
    await held.start({ key: { requestsPerMinute: 600 } }, [
      ioAgent('a', { run, resources: ['key'] }),
      held.agent('b', ['key']),
    ]);
    await held.engine.run('a', { name: 'one' });
    expect(held.engine.stats().cost.resources.key!.requests.limit).toBe(500);
    held.submit('b', 'later');
    await nextTurn();
    expect(held.started).toEqual([]);
    held.clock.advance(30_001);
    await nextTurn();
    expect(held.started).toEqual(['later']);
  });

  test.each([
    [
      'a client’s error for 429',
      { status: 429, headers: { 'retry-after': '20', 'x-ratelimit-limit-requests': '50' } },
    ],
    ['a thrown proxy that cannot be read beyond its status', hostile()],
  ])('is read from %s', async (_what, thrown) => {
    const run = async () => {
      throw thrown;
    };
    await held.start({ key: { requestsPerMinute: 600 } }, [
      ioAgent('a', { run, resources: ['key'] }),
      held.agent('b', ['key']),
    ]);
    const outcome = await held.engine.submit('a', { name: 'one' }).outcome;
    expect(outcome).toMatchObject({ status: 'failed' });
    held.submit('b', 'later');
    await nextTurn();
    held.clock.advance(20_001);
    await nextTurn();
    expect(held.started).toEqual(['later']);
  });

  test('is reported from threads, too', async () => {
    const engine = await engineOf([onThreads('paysOnThread', { resources: ['key'] })], {
      resources: { key: {} },
    });
    own = engine;
    await engine.run('paysOnThread', { headers: headers(60, 59, '1s') });
    expect(engine.stats().cost.resources.key!.requests.limit).toBe(60);
  });

  function hostile(): object {
    return new Proxy(
      { status: 429 },
      {
        get: (target, key) => {
          if (key === 'status') return target.status;
          throw new Error('not to be read');
        },
      },
    );
  }
});
