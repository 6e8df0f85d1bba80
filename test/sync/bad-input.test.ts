import { describe, expect, it } from 'vitest';
import { ConfigError, createEngine, type Engine } from '../../src/index.ts';

/** What is asked, the path that the error names, what it expected and what it got. */
const WRONG: [string, (engine: Engine) => unknown, string, string | RegExp, string][] = [
  ['no name', ({ sync }) => sync.mutex(''), 'mutex.name', 'a text of 1 to 200 characters', "''"],
  ['a long name', ({ sync }) => sync.mutex('x'.repeat(201)), 'mutex.name', /200/, '141 more characters'],
  ['a name that is none', ({ sync }) => sync.mutex(5 as never), 'mutex.name', /text/, '5'],
  ['a size of 0', ({ sync }) => sync.semaphore('s', 0), 'semaphore.size', /1 to 1000000/, '0'],
  ['a negative size', ({ sync }) => sync.barrier('b', -1), 'barrier.size', /1 to 1000000/, '-1'],
  ['a size of NaN', ({ sync }) => sync.barrier('b', Number.NaN), 'barrier.size', /1 to 1000000/, 'NaN'],
  ['half a permit', ({ sync }) => sync.semaphore('s', 2.5), 'semaphore.size', /1 to 1000000/, '2.5'],
  ['two sizes', ({ sync }) => sync.semaphore('two', 3), 'semaphore.size', '2', '3'],
  ['two sizes of a barrier', ({ sync }) => sync.barrier('two', 3), 'barrier.size', '2', '3'],
  ['too many permits', ({ sync }) => sync.semaphore('two', 2).acquire(3), 'permits', /size, 2/, '3'],
  ['no permits', ({ sync }) => sync.semaphore('two', 2).acquire(0), 'permits', /size, 2/, '0'],
  ['no time', ({ sync }) => sync.mutex('m').acquire({ timeoutMs: 0 }), 'options.timeoutMs', /above 0/, '0'],
  [
    'endless time',
    ({ sync }) => sync.mutex('m').acquire({ timeoutMs: Number.POSITIVE_INFINITY }),
    'options.timeoutMs',
    /at most/,
    'Infinity',
  ],
  [
    'an unknown option',
    ({ sync }) => sync.barrier('two', 2).wait({ timeout: 5 } as never),
    'options.timeout',
    'timeoutMs | signal',
    'timeout',
  ],
  [
    'a signal that is none',
    ({ sync }) => sync.mutex('m').acquire({ signal: {} as never }),
    'options.signal',
    'an AbortSignal',
    '{}',
  ],
  ['a party without a name', ({ sync }) => sync.party(''), 'party.label', /text/, "''"],
];

describe('what cannot be', () => {
  it.each(WRONG)(
    'is refused with what was expected and what came: %s',
    async (_, ask, path, expected, received) => {
      await using engine = await createEngine();
      const { sync } = engine as unknown as Engine;
      sync.semaphore('two', 2);
      sync.barrier('two', 2);
      const error = await (async () => ask(engine as unknown as Engine))().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({
        path,
        expected: typeof expected === 'string' ? expected : expect.stringMatching(expected),
        received: expect.stringContaining(received),
      });
      expect(sync.inspect().resources).toEqual([]);
    },
  );

  it.each(['maxNames', 'maxWaiters', 'stallMs', 'patienceMs'])('is refused as an option: %s', async (key) => {
    for (const value of [0, -1, Number.NaN, '5']) {
      const error = await createEngine({ sync: { [key]: value } }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'INVALID_OPTION', path: `sync.${key}` });
    }
  });
});
