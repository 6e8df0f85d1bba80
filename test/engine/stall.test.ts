import { describe, expect, it, vi } from 'vitest';
import { ConfigError, createEngine, type EngineEvents } from '../../src/index.ts';
import { misbehaving, onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { Flag, nextTurn } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

const stalled = { status: 'failed', error: { code: 'STALLED' } };

describe('a handler that blocks its thread', () => {
  it.each(['endlessLoop', 'backtracking', 'waitForNobody', 'microtasksOnly', 'laterLoop'])(
    'fails with STALLED after stallMs, and its thread is replaced: %s',
    async (how) => {
      await using engine = await engineOf([misbehaving('hang', { stallMs: 150 }), onThreads('echo')]);
      const lost: EngineEvents['threadLost'][] = [];
      engine.on('threadLost', (event) => lost.push(event));
      const outcome = await engine.submit('hang', { how }).outcome;
      expect(outcome).toMatchObject({ ...stalled, agent: 'hang' });
      expect(outcome.timing.serviceMs).toBeGreaterThan(150);
      expect(await engine.run('echo', 'next')).toBe('next');
      expect(lost).toMatchObject([
        { agent: 'hang', cause: { message: 'the thread was blocked for more than 150 ms' } },
      ]);
      expect(engine.stats()).toMatchObject({
        restarts: 1,
        tasks: { running: 0, waiting: 0, failed: 1, completed: 1 },
      });
    },
  );

  it('is ended by stallMs before a longer timeoutMs, and by a shorter timeoutMs before stallMs', async () => {
    await using engine = await engineOf([
      misbehaving('hang', { stallMs: 100, timeoutMs: 60_000 }),
      onThreads('neverReturns', { stallMs: 60_000, timeoutMs: 50 }),
    ]);
    expect(await engine.submit('hang', { how: 'endlessLoop' }).outcome).toMatchObject(stalled);
    expect(await engine.submit('neverReturns', 1).outcome).toMatchObject({ error: { code: 'TIMEOUT' } });
  });

  it('is tried again if its agent says so, and both attempts are told', async () => {
    const retry = { attempts: 2, baseMs: 1 };
    const agents = [
      misbehaving('hang', { stallMs: 100, retry }),
      misbehaving('once', { export: 'hang', stallMs: 100, retry, idempotent: false }),
    ];
    await using engine = await engineOf(agents, { poison: { kills: 10 } });
    const codesOf = async (agent: string) => {
      const { attempts } = await engine.submit(agent, { how: 'endlessLoop' }).outcome;
      return attempts.map(({ error, noRetry }) => [error?.code, noRetry]);
    };
    expect(await codesOf('hang')).toEqual([
      ['STALLED', undefined],
      ['STALLED', 'attempts-used'],
    ]);
    expect(await codesOf('once')).toEqual([['STALLED', 'not-idempotent']]);
  });

  it('has the stallMs of the engine if its agent names none', async () => {
    await using engine = await engineOf([misbehaving('hang')], { threads: { count: 1, stallMs: 100 } });
    const outcome = await engine.submit('hang', { how: 'endlessLoop' }).outcome;
    expect(outcome).toMatchObject({
      error: { code: 'STALLED', cause: { message: 'the thread was blocked for more than 100 ms' } },
    });
  });

  it('loses none of its batch-mates, and none of what waits behind it', async () => {
    await using engine = await engineOf([misbehaving('hang', { stallMs: 100 }), onThreads('echo')]);
    await Promise.all(Array.from({ length: 100 }, (_, value) => engine.run('hang', { value })));
    const handles = Array.from({ length: 400 }, (_, value) =>
      engine.submit('hang', value === 150 ? { how: 'endlessLoop' } : { value }),
    );
    for (const [value, handle] of handles.entries()) {
      expect(await handle.outcome).toMatchObject(value === 150 ? stalled : { status: 'completed', value });
    }
    expect(engine.stats()).toMatchObject({ restarts: 1, tasks: { completed: 499, failed: 1, running: 0 } });
  });

  it('counts against the restart budget of its agent', async () => {
    await using engine = await engineOf([misbehaving('hang', { stallMs: 50 })], { restarts: { max: 1 } });
    const handles = Array.from({ length: 4 }, () => engine.submit('hang', { how: 'endlessLoop' }));
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
    expect(outcomes.map((outcome) => outcome.status === 'failed' && outcome.error.code)).toEqual([
      'STALLED',
      'STALLED',
      'AGENT_FAILED',
      'AGENT_FAILED',
    ]);
  });

  it('after it has returned has its thread replaced, and nothing that waits there is lost or charged', async () => {
    await using engine = await engineOf([misbehaving('loopBehind', { stallMs: 100 }), onThreads('echo')]);
    const lost: EngineEvents['threadLost'][] = [];
    engine.on('threadLost', (event) => lost.push(event));
    const blocked = new Flag();
    expect(await engine.run('loopBehind', { flag: blocked.flag, value: 1 })).toBe(1);
    while (!blocked.isRaised) await nextTurn();
    expect(await engine.run('echo', 'next')).toBe('next');
    expect(lost).toMatchObject([
      {
        agent: 'loopBehind',
        cause: { message: 'the thread was blocked between tasks for more than 100 ms' },
      },
    ]);
    expect(engine.stats().tasks).toMatchObject({ completed: 2, failed: 0 });
  });
});

describe('a handler that waits for long without blocking its thread', () => {
  it('is not stalled', async () => {
    await using engine = await engineOf([misbehaving('patient', { stallMs: 500 })]);
    const handle = engine.submit('patient', 50);
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject({ status: 'completed', value: 50 });
    expect(outcome.timing.serviceMs).toBeGreaterThan(750);
    expect(engine.stats().restarts).toBe(0);
  });

  it('for ever is a matter of timeoutMs', async () => {
    await using engine = await engineOf([onThreads('never', { stallMs: 500, timeoutMs: 1_200 })]);
    const outcome = await engine.submit('never', 1).outcome;
    expect(outcome).toMatchObject({ error: { code: 'TIMEOUT' } });
    expect(outcome.timing.serviceMs).toBeGreaterThan(1_200);
  });
});

describe('a stallMs that is none', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5'])('is refused: %s', async (stallMs) => {
    const agents = [misbehaving('hang', { stallMs: stallMs as number })];
    const expected = {
      path: 'agents[0].options.stallMs',
      expected: expect.stringMatching('a number of milliseconds above 0'),
      received: expect.any(String),
    };
    await expect(createEngine({ agents })).rejects.toMatchObject(expected);
    const options = { threads: { stallMs: stallMs as number } };
    await expect(createEngine(options)).rejects.toBeInstanceOf(ConfigError);
    await expect(createEngine(options)).rejects.toMatchObject({ ...expected, path: 'threads.stallMs' });
  });
});
