import { describe, expect, it } from 'vitest';
import { suggestionFor } from '../../src/dead-letters/suggestion.ts';
import { ERROR_CODES, type TaskErrorCode } from '../../src/index.ts';

const say = (code: string, message = '', kills = 0) =>
  suggestionFor({ code: code as TaskErrorCode, message, kills, agent: 'parse' }, 'd7');

describe('a suggestion', () => {
  it('is whole sentences that end with what to do with the letter, for every code there is', () => {
    for (const code of Object.keys(ERROR_CODES)) {
      expect(say(code)).toMatch(
        /^[A-Z].+\. Then run it again with redrive\("d7"\), or remove it with purge\("d7"\)\.$/,
      );
      expect(say(code)).not.toContain('undefined');
    }
  });

  it.each([
    [
      'POISON',
      'Error: Worker terminated due to reaching memory limit: JS heap out of memory',
      'maxOldGenerationSizeMb',
    ],
    ['POISON', 'Error: the thread exited with code 3', 'process.exit()'],
    ['STALLED', 'the task blocked its thread for longer than its stallMs', 'raise the stallMs'],
    ['POISON', 'Error: the thread was blocked for more than 50 ms', 'raise the stallMs'],
    ['POISON', 'Error: the child process ended: SIGSEGV', 'native code'],
    ['POISON', 'RangeError: in a timer', 'an error escaped the handler'],
    ['WORKER_LOST', 'Error: the thread exited with code 3', 'process.exit()'],
    ['TIMEOUT', 'ran longer than its timeoutMs', 'raise that of agent "parse"'],
    ['AGENT_REMOVED', 'agent "parse" was removed', 'register an agent for it'],
    ['HANDLER_FAILED', 'Error: no such field', 'what the handler of agent "parse" says'],
  ])('for %s (%s) speaks of %s', (code, message, words) => {
    expect(say(code, message, 2)).toContain(words);
  });

  it('says how many threads a poison task has killed', () => {
    expect(say('POISON', '', 1)).toContain('it killed a thread');
    expect(say('POISON', '', 3)).toContain('it killed 3 threads');
  });
});
