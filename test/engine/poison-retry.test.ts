import { describe, expect, it, vi } from 'vitest';
import { ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

const retry = { attempts: 10, backoff: 'constant', baseMs: 1 } as const;

describe('a task that is tried again and kills every thread that it gets', () => {
  it('is stopped after two, whatever its policy allows, and its letter has both attempts', async () => {
    await using engine = await engineOf([onThreads('survive', { retry })]);
    const outcome = await engine.submit('survive', { fate: 'exit' }).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'POISON' } });
    expect(engine.stats().restarts).toBe(2);
    const [letter] = engine.deadLetters.list();
    expect(letter).toMatchObject({ kills: 2, agent: 'survive', code: 'POISON', target: 'survive' });
    expect(letter!.attempts.map(({ code }) => code)).toEqual(['WORKER_LOST', 'POISON']);
    expect(letter!.suggestion).toContain('it killed 2 threads');
  });

  it('is stopped as well if errors escape its handler', async () => {
    await using engine = await engineOf([onThreads('survive', { retry })], { poison: { kills: 3 } });
    const outcome = await engine.submit('survive', { fate: 'throw in a timer' }).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'POISON' } });
    expect(engine.deadLetters.list()).toMatchObject([{ kills: 3 }]);
  });

  it('goes on to its fallback, and is no dead letter if that completes', async () => {
    const steps = { fallback: ['safe', () => 'by hand'] };
    await using engine = await engineOf([
      onThreads('survive', { retry, ...steps }),
      ioAgent('safe', { run: async () => 'done otherwise' }),
    ]);
    expect(await engine.run('survive', { fate: 'exit' })).toBe('done otherwise');
    expect(engine.deadLetters.list()).toEqual([]);
  });

  it('is a dead letter of the agent that was asked for if its fallback fails, too', async () => {
    await using engine = await engineOf([
      onThreads('survive', { retry, fallback: ['broken'] }),
      ioAgent('broken', {
        run: async () => {
          throw new Error('broken');
        },
      }),
    ]);
    const outcome = await engine.submit('survive', { fate: 'exit' }).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'POISON' } });
    const [letter] = engine.deadLetters.list();
    expect(letter).toMatchObject({ target: 'survive', agent: 'broken', code: 'POISON', kills: 2 });
    expect(letter!.attempts.map(({ agent }) => agent)).toEqual(['survive', 'survive', 'broken']);
  });
});

describe('a task that fails for good after several attempts', () => {
  it('is one letter with all of them', async () => {
    let calls = 0;
    const flaky = ioAgent('flaky', {
      retry: { ...retry, attempts: 3 },
      run: async () => {
        throw new Error(`call ${++calls}`);
      },
    });
    await using engine = await engineOf([flaky], { deadLetters: { on: 'failed' } });
    await engine.submit('flaky', 1).outcome;
    const [letter, ...others] = engine.deadLetters.list();
    expect(others).toEqual([]);
    expect(letter!.attempts.map(({ message }) => message.replace(/.*: /, ''))).toEqual([
      ...['call 1', 'call 2', 'call 3'],
    ]);
  });

  it('is found and cancelled while it waits for its next attempt', async () => {
    const failed = deferred();
    const flaky = ioAgent('flaky', {
      retry: { attempts: 2, backoff: 'constant', baseMs: 60_000 },
      run: async () => {
        throw new Error('not today');
      },
    });
    await using engine = await engineOf([flaky], { deadLetters: { on: 'failed' } });
    engine.on('retry', () => failed.resolve());
    const handle = engine.submit('flaky', 1, { tags: ['x'] });
    await failed.promise;
    expect(engine.cancel({ tag: 'x' })).toMatchObject({ total: 1, waiting: 1 });
    expect(await handle.outcome).toMatchObject({ status: 'cancelled' });
    expect(engine.deadLetters.list()).toEqual([]);
  });
});
