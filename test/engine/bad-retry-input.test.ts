import { describe, expect, it } from 'vitest';
import { type Agent, createEngine, type EngineOptions, ioAgent } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';

const agentWith = (options: object): Agent => ioAgent('a', { run: () => 1, ...options }) as Agent;
const refusedBy = (options: EngineOptions) =>
  createEngine(options).then(
    () => {
      throw new Error('it was accepted');
    },
    (error: unknown) => error,
  );

const WRONG_RETRIES: [object | null, string, string][] = [
  [{ attempts: -1 }, 'retry.attempts', '-1'],
  [{ attempts: 0 }, 'retry.attempts', '0'],
  [{ attempts: 1.5 }, 'retry.attempts', '1.5'],
  [{ attempts: Number.POSITIVE_INFINITY }, 'retry.attempts', 'Infinity'],
  [{ attempts: Number.NaN }, 'retry.attempts', 'NaN'],
  [{ attempts: '3' }, 'retry.attempts', "'3'"],
  [{ attempts: 1_001 }, 'retry.attempts', '1001'],
  [{}, 'retry.attempts', 'undefined'],
  [{ attempts: 2, backoff: 'linear' }, 'retry.backoff', "'linear'"],
  [{ attempts: 2, baseMs: -1 }, 'retry.baseMs', '-1'],
  [{ attempts: 2, baseMs: Number.NaN }, 'retry.baseMs', 'NaN'],
  [{ attempts: 2, maxMs: Number.POSITIVE_INFINITY }, 'retry.maxMs', 'Infinity'],
  [{ attempts: 2, baseMs: 500, maxMs: 100 }, 'retry.maxMs', '100'],
  [{ attempts: 2, when: true }, 'retry.when', 'true'],
  [{ attempts: 2, atempts: 3 }, 'retry.atempts', 'atempts'],
  [null, 'retry', 'null'],
];

describe('a retry policy', () => {
  it.each(WRONG_RETRIES)('that is wrong is refused for an agent: %o', async (retry, path, received) => {
    const error = await refusedBy({ agents: [agentWith({ retry })] });
    expect(error).toMatchObject({ name: 'ConfigError', path: `agents[0].options.${path}`, received });
  });

  it.each(WRONG_RETRIES)('that is wrong is refused for a task: %o', async (retry, path, received) => {
    await using engine = await engineOf([agentWith({})]);
    const expected = { name: 'ConfigError', path: `task.${path}`, received };
    await expect(engine.run('a', 1, { retry } as never)).rejects.toMatchObject(expected);
    expect(() => engine.submit('a', 1, { retry } as never)).toThrow(expect.objectContaining(expected));
    expect(() => engine.stream('a', [1], { retry } as never)).toThrow(
      expect.objectContaining({ path: `stream.${path}` }),
    );
    expect(engine.stats().tasks.submitted).toBe(0);
  });
});

describe('other options of failure', () => {
  it.each<[object, string]>([
    [{ deadlineMs: 0 }, 'deadlineMs'],
    [{ deadlineMs: Number.NaN }, 'deadlineMs'],
    [{ deadlineMs: Number.POSITIVE_INFINITY }, 'deadlineMs'],
    [{ fallback: 'other' }, 'fallback'],
    [{ fallback: [5] }, 'fallback[0]'],
    [{ fallback: [() => 1, ''] }, 'fallback[1]'],
    [{ fallback: Array.from({ length: 33 }, () => () => 1) }, 'fallback'],
    [{ fallback: ['a'] }, 'fallback[0]'],
    [{ fallback: [() => 1, 'nobody'] }, 'fallback[1]'],
  ])('of an agent are refused if they are wrong: %o', async (options, path) => {
    const error = await refusedBy({ agents: [agentWith(options)] });
    expect(error).toMatchObject({ name: 'ConfigError', path: `agents[0].options.${path}` });
  });

  it.each<[object, string]>([
    [{ share: -0.1 }, 'share'],
    [{ share: 1.1 }, 'share'],
    [{ share: Number.NaN }, 'share'],
    [{ windowMs: 0 }, 'windowMs'],
    [{ minimum: -1 }, 'minimum'],
    [{ minimum: Number.POSITIVE_INFINITY }, 'minimum'],
    [{ shares: 0.1 }, 'shares'],
  ])('of the budget are refused if they are wrong: %o', async (retryBudget, path) => {
    expect(await refusedBy({ retryBudget })).toMatchObject({
      name: 'ConfigError',
      path: `retryBudget.${path}`,
    });
  });

  it('of an agent that joins are refused, and nothing is registered', async () => {
    await using engine = await engineOf([ioAgent('b', { run: () => 1 })]);
    await expect(engine.register(agentWith({ fallback: ['a'] }))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      path: 'agent.options.fallback[0]',
      received: 'a → a',
    });
    await expect(engine.register(agentWith({ retry: { attempts: -1 } }))).rejects.toMatchObject({
      path: 'agent.options.retry.attempts',
    });
    expect(engine.stats().agents.map(({ name }) => name)).toEqual(['b']);
  });
});
