import { describe, expect, it } from 'vitest';
import { type Agent, ioAgent } from '../../src/contract/agent.ts';
import type { ConfigError } from '../../src/contract/errors.ts';
import { checkFallbacks, checkJoining } from '../../src/contract/fallback-graph.ts';

const agent = (name: string, ...fallback: (string | (() => unknown))[]): Agent =>
  ioAgent(name, { run: () => name, fallback: fallback as never }) as Agent;
const chain = (length: number, last: string[]): Agent[] =>
  Array.from({ length }, (_, i) => agent(`a${i}`, ...(i + 1 < length ? [`a${i + 1}`] : last)));

function refusal(check: () => void): ConfigError {
  try {
    check();
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error('it was accepted');
}

describe('fallbacks that lead in a circle', () => {
  it.each<[string, Agent[], string, string]>([
    ['to the agent itself', [agent('a', 'a')], 'a → a', 'agents[0].options.fallback[0]'],
    [
      'over others',
      [agent('x', 'a'), agent('a', () => 1, 'b'), agent('b', 'c'), agent('c', () => 1, 'a')],
      'a → b → c → a',
      'agents[3].options.fallback[1]',
    ],
  ])('are refused, and named in full: %s', (_name, agents, received, path) => {
    expect(refusal(() => checkFallbacks(agents))).toMatchObject({
      name: 'ConfigError',
      code: 'INVALID_OPTION',
      path,
      expected: 'a chain that ends',
      received,
    });
  });

  it('are refused when the agent that closes the circle joins', () => {
    const others = [agent('b', 'c'), agent('c', 'd')];
    const error = refusal(() => checkJoining(agent('d', 'x', 'b'), others));
    expect(error.message).toContain('d → b → c → d');
    checkJoining(agent('d', 'x'), others);
  });

  it('are found among ten thousand agents', () => {
    checkFallbacks(chain(10_000, []));
    expect(refusal(() => checkFallbacks(chain(10_000, ['a9998']))).received).toBe('a9998 → a9999 → a9998');
  });
});

describe('fallbacks that meet again', () => {
  it('are none that lead in a circle', () => {
    checkFallbacks([agent('a', 'b', 'c'), agent('b', 'd'), agent('c', 'd'), agent('d', () => 1)]);
  });
});

describe('a fallback to an agent that is not there', () => {
  it('is refused with the name that was meant', () => {
    expect(refusal(() => checkFallbacks([agent('first', () => 1, 'secnd'), agent('second')]))).toMatchObject({
      code: 'UNKNOWN_AGENT',
      path: 'agents[0].options.fallback[1]',
      expected: 'second',
      received: 'secnd',
      message: 'agents[0].options.fallback[1]: no agent "secnd" is registered; did you mean "second"?',
    });
  });

  it('may be to one that joins later', () => {
    checkJoining(agent('first', 'second'), []);
  });
});
