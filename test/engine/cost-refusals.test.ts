import { afterEach, describe, expect, test } from 'vitest';
import { ConfigError, createEngine, type Engine, type EngineOptions, ioAgent } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';

let engine: Engine | undefined;
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

async function refusal(options: object): Promise<ConfigError> {
  const error = await createEngine(options as EngineOptions).then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

const agent = (options: object) => ioAgent('call', { run: () => 1, ...options });

describe('an option is refused with what was expected and what came', () => {
  test.each([
    [
      { resources: { key: { requestsPerMinute: 0 } } },
      'resources.key.requestsPerMinute',
      'a number above 0',
      '0',
    ],
    [
      { resources: { key: { tokensPerMinute: Number.NaN } } },
      'resources.key.tokensPerMinute',
      'a number above 0',
      'NaN',
    ],
    [
      { resources: { key: { concurrency: 0 } } },
      'resources.key.concurrency',
      'a whole number from 1 to 1000000',
      '0',
    ],
    [
      { resources: { key: { windowMs: 60_001 } } },
      'resources.key.windowMs',
      'a number of milliseconds from 1 to 60000',
      '60001',
    ],
    [
      { resources: { key: { costPerUnit: { requestUsd: -1 } } } },
      'resources.key.costPerUnit.requestUsd',
      'a number of at least 0',
      '-1',
    ],
    [{ budgets: [{ usd: -1 }] }, 'budgets[0].usd', 'a number of at least 0', '-1'],
    [{ budgets: [{ usd: 1 }, { tokens: Number.NaN }] }, 'budgets[1].tokens', 'a number of at least 0', 'NaN'],
    [{ budgets: [{ usd: 1, per: 'week' }] }, 'budgets[0].per', "'day' or 'total'", "'week'"],
    [{ budgets: [{ tenant: 'a' }] }, 'budgets[0]', 'usd, tokens or both', "{ tenant: 'a' }"],
    [{ budgets: { usd: 1 } }, 'budgets', 'a list of budgets', '{ usd: 1 }'],
    [
      { agents: [agent({ estimate: 5 })] },
      'agents[0].options.estimate',
      'a function input => { inputTokens, outputTokens, costUsd }',
      '5',
    ],
    [{ agents: [agent({ resources: 'key' })] }, 'agents[0].options.resources', 'a list of names', "'key'"],
  ])('%j', async (options, path, expected, received) => {
    expect(await refusal(options)).toMatchObject({ code: 'INVALID_OPTION', path, expected, received });
  });

  test('a rate that lets no single call into its window', async () => {
    const error = await refusal({ resources: { key: { requestsPerMinute: 30, windowMs: 1_000 } } });
    expect(error.message).toContain(
      'resources.key: expected a requestsPerMinute of at least one call in windowMs',
    );
  });

  test('an unknown key of a resource or a budget, with the nearest one', async () => {
    expect(await refusal({ resources: { key: { requestPerMinute: 5 } } })).toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: 'resources.key.requestPerMinute: unknown option; did you mean "requestsPerMinute"?',
    });
    expect(await refusal({ budgets: [{ usdd: 5 }] })).toMatchObject({ code: 'UNKNOWN_OPTION' });
  });

  test('a resource that the engine does not have, and the agent is not there', async () => {
    const options = { resources: { 'openai-key': {} }, agents: [agent({ resources: ['openai-kee'] })] };
    const error = await refusal(options);
    expect(error).toMatchObject({ code: 'INVALID_OPTION', path: 'resources', expected: 'openai-key' });
    expect(error.message).toBe(
      'agent "call": resources: the engine has no resource "openai-kee"; did you mean "openai-key"?',
    );
    engine = await engineOf([]);
    await expect(engine.register(agent({ resources: ['a'] }))).rejects.toThrow('known are none');
    expect(engine.stats().agents).toEqual([]);
    await engine.register(agent({}));
  });

  test('a workflow that is no name', async () => {
    engine = await engineOf([agent({})]);
    expect(() => engine!.submit('call', 1, { workflow: '' })).toThrow('workflow: expected a text');
  });
});

describe('an estimate that is none fails its task, and holds up no other', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
      'agent "call": its estimate threw: Error: mine',
    ],
    [
      'gives NaN',
      () => ({ inputTokens: Number.NaN }),
      'agent "call": estimate.inputTokens: expected a number of at least 0, got NaN',
    ],
    [
      'gives a number',
      () => 5,
      'agent "call": estimate: expected an object with inputTokens, outputTokens, costUsd, got 5',
    ],
    [
      'gives a promise',
      async () => {
        throw new Error('late');
      },
      'agent "call": estimate: expected an object, no promise, got object',
    ],
  ])('that %s', async (_what, estimate, message) => {
    engine = await engineOf([agent({ estimate }), ioAgent('other', { run: () => 2 })], {
      budgets: [{ usd: 1 }],
    });
    const outcome = await engine.submit('call', 1).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ESTIMATE_FAILED', message } });
    expect(await engine.run('other', 1)).toBe(2);
    expect(engine.stats().tasks).toMatchObject({
      submitted: 2,
      completed: 1,
      failed: 1,
      waiting: 0,
      running: 0,
    });
  });
});
