import { describe, expect, it } from 'vitest';
import { createEngine, ioAgent } from '../../src/index.ts';

const io = (breaker: unknown, more: object = {}) =>
  ioAgent('a', { run: () => 1, ...more, ...({ breaker } as object) });

describe('a wrong breaker', () => {
  it.each<[unknown, string, string]>([
    [false, 'breaker', 'true, or an object of options'],
    [5, 'breaker', 'true, or an object of options'],
    [{ errorShare: 0 }, 'breaker.errorShare', 'a number above 0, at most 1'],
    [{ errorShare: 1.1 }, 'breaker.errorShare', 'a number above 0, at most 1'],
    [{ errorShare: Number.NaN }, 'breaker.errorShare', 'a number above 0, at most 1'],
    [{ slowShare: -1 }, 'breaker.slowShare', 'a number above 0, at most 1'],
    [{ minCalls: 0.5 }, 'breaker.minCalls', 'a whole number from 1 to 1000000'],
    [{ windowMs: Number.POSITIVE_INFINITY }, 'breaker.windowMs', 'a number of milliseconds above 0'],
    [{ openMs: 0 }, 'breaker.openMs', 'a number of milliseconds above 0'],
    [{ openMs: 10, maxOpenMs: 5 }, 'breaker', 'a maxOpenMs of at least openMs'],
    [{ probes: 0 }, 'breaker.probes', 'a whole number from 1 to 1000'],
  ])('is refused before anything starts: %o', async (breaker, path, expected) => {
    await expect(createEngine({ agents: [io(breaker)] })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'INVALID_OPTION',
      path: `agents[0].options.${path}`,
      expected: expect.stringContaining(expected),
    });
  });

  it('has its near misses named', async () => {
    await expect(createEngine({ agents: [io({ errorShares: 0.1 })] })).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: 'agents[0].options.breaker.errorShares: unknown option; did you mean "errorShare"?',
    });
  });

  it('may not differ from that of another agent of the upstream', async () => {
    const other = ioAgent('b', { run: () => 1, upstream: 'u', breaker: { probes: 1 } });
    await expect(createEngine({ agents: [io(true, { upstream: 'u' }), other] })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('expected the options of agent "a"'),
    });
  });
});
