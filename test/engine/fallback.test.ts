import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { type Agent, createEngine, ioAgent, type TaskError } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { failingTimes, heard, noRetries, sumOf } from '../fixtures/failing.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

const failing = (name: string, options = {}) => failingTimes(name, Number.POSITIVE_INFINITY, options).agent;
const echo = (name: string, options = {}) =>
  ioAgent(name, { run: async (input: unknown) => `${name} of ${input}`, ...options });

describe('a task whose agent has failed it for good', () => {
  it('goes on to another agent, and its outcome says so', async () => {
    const retry = { attempts: 2, baseMs: 0 };
    await using engine = await engineOf([failing('first', { retry, fallback: ['second'] }), echo('second')]);
    const fallbacks = heard(engine, 'fallback');
    const outcome = await engine.submit('first', 'x').outcome;
    expect(outcome).toMatchObject({
      status: 'completed',
      agent: 'second',
      value: 'second of x',
      degraded: { error: { code: 'HANDLER_FAILED', agent: 'first' }, by: 'second' },
    });
    expect(outcome.attempts).toMatchObject([
      { agent: 'first', fallback: undefined },
      { agent: 'first', noRetry: 'attempts-used', fallback: undefined },
      { agent: 'second', error: undefined, fallback: 'agent' },
    ]);
    expect(fallbacks).toEqual([
      { taskId: outcome.taskId, from: 'first', to: 'second', code: 'HANDLER_FAILED' },
    ]);
    expect(await engine.run('first', 'y')).toBe('second of y');
    const stats = engine.stats();
    expect(stats.tasks).toMatchObject({ submitted: 2, completed: 2, failed: 0, running: 0, waiting: 0 });
    expect(stats.agents).toMatchObject([
      { fallbacks: 2, counts: { completed: 0, failed: 4 } },
      { fallbacks: 0, counts: { completed: 2, failed: 0 } },
    ]);
  });

  it('is not marked if its own agent has succeeded after all', async () => {
    const { agent } = failingTimes('first', 1, {
      retry: { attempts: 2, baseMs: 0 },
      fallback: [() => 'worse'],
    });
    await using engine = await engineOf([agent]);
    const outcome = await engine.submit('first', 'best').outcome;
    expect(outcome).toMatchObject({ value: 'best' });
    expect(outcome).not.toHaveProperty('degraded');
  });

  it('goes on to a function, which is given the input and the error', async () => {
    const given: unknown[] = [];
    const fallback = [
      async (input: unknown, error: TaskError) => {
        given.push(input, error.code);
        return 'good enough';
      },
    ];
    await using engine = await engineOf([failing('first', { fallback })]);
    const outcome = await engine.submit('first', 'x').outcome;
    expect(outcome).toMatchObject({
      status: 'completed',
      agent: 'first',
      value: 'good enough',
      degraded: { error: { code: 'HANDLER_FAILED' }, by: undefined },
    });
    expect(outcome.attempts).toMatchObject([
      { agent: 'first', fallback: undefined },
      { agent: 'first', lane: 'loop', threadId: undefined, fallback: 'function', error: undefined },
    ]);
    expect(given).toEqual(['x', 'HANDLER_FAILED']);
  });

  it('fails with the first error if all steps fail, and keeps the others', async () => {
    const fallback = [
      'second',
      () => {
        throw new RangeError('no function');
      },
      async () => Promise.reject(new Error('no promise')),
    ];
    await using engine = await engineOf([failing('first', { fallback }), failing('second')]);
    const outcome = await engine.submit('first', 'x').outcome;
    expect(outcome).toMatchObject({
      status: 'failed',
      error: {
        code: 'HANDLER_FAILED',
        agent: 'first',
        fallbackErrors: [
          { agent: 'second', cause: { message: 'call 1' } },
          { message: 'a function of the fallback of agent "first": RangeError: no function' },
          { cause: { message: 'no promise' } },
        ],
      },
    });
    expect(outcome.attempts.map(({ agent, fallback }) => [agent, fallback])).toEqual([
      ['first', undefined],
      ['second', 'agent'],
      ['first', 'function'],
      ['first', 'function'],
    ]);
    expect(engine.stats().tasks).toMatchObject({ failed: 1, running: 0, waiting: 0 });
  });

  it('goes down the fallbacks of its fallback first, and to no agent twice', async () => {
    const agents = [
      failing('a', { fallback: ['b', 'c'] }),
      failing('b', { fallback: ['d'] }),
      failing('c', { fallback: ['d'] }),
      failing('d'),
    ];
    await using engine = await engineOf(agents);
    const outcome = await engine.submit('a', 1).outcome;
    expect(outcome.attempts.map(({ agent }) => agent)).toEqual(['a', 'b', 'd', 'c']);
    expect(outcome).toMatchObject({
      error: {
        agent: 'a',
        fallbackErrors: [
          { agent: 'b' },
          { agent: 'd' },
          { agent: 'c' },
          { message: 'fallback: agent "d" has failed this task already' },
        ],
      },
    });
  });

  it("is retried by the other agent's own policy, not by its own", async () => {
    const second = failingTimes('second', 2, { retry: { attempts: 3, baseMs: 0 } });
    await using engine = await engineOf([failing('first', { fallback: ['second'] }), second.agent]);
    const outcome = await engine.submit('first', 'x', { retry: { attempts: 2, baseMs: 0 } }).outcome;
    expect(outcome).toMatchObject({ status: 'completed', value: 'x' });
    expect(outcome.attempts.map(({ agent }) => agent)).toEqual([
      'first',
      'first',
      'second',
      'second',
      'second',
    ]);
  });

  it('waits its turn at the other agent, and can be cancelled there', async () => {
    const gate = deferred();
    const busy = ioAgent('second', { limit: 1, run: async () => gate.promise });
    await using engine = await engineOf([failing('first', { fallback: ['second'] }), busy]);
    const holder = engine.submit('second', 1);
    const handle = engine.submit('first', 1);
    await nextTurn();
    expect(engine.stats().tasks).toMatchObject({ waiting: 1, running: 1 });
    expect(handle.reprioritize('high')).toBe(true);
    handle.cancel();
    gate.resolve();
    expect(await handle.outcome).toMatchObject({ status: 'cancelled', agent: 'first' });
    expect(await holder.outcome).toMatchObject({ status: 'completed' });
    expect(engine.stats().tasks).toMatchObject({ waiting: 0, running: 0, cancelled: 1 });
  });

  it('gives the other agent the input of the caller, which has to suit it', async () => {
    const trimmed = v.pipe(v.string(), v.trim());
    const agents: Agent[] = [
      failing('first', { input: trimmed, fallback: ['numbers', 'exact'] }) as Agent,
      ioAgent('numbers', { input: v.number(), run: (n: number) => n }) as Agent,
      echo('exact') as Agent,
    ];
    await using engine = await engineOf(agents);
    const outcome = await engine.submit('first', ' x ').outcome;
    expect(outcome).toMatchObject({ value: 'exact of  x ' });
    expect(outcome.attempts.map(({ agent }) => agent)).toEqual(['first', 'exact']);
  });

  it('goes from a thread to the loop, and back', async () => {
    await using engine = await engineOf([
      onThreads('throwAsync', { fallback: ['flaky'] }),
      failing('flaky', { fallback: ['echo'] }),
      onThreads('echo'),
    ]);
    const outcome = await engine.submit('throwAsync', 'typed').outcome;
    expect(outcome).toMatchObject({ status: 'completed', agent: 'echo', value: 'typed' });
    expect(outcome.attempts.map(({ lane }) => lane)).toEqual(['threads', 'loop', 'threads']);
  });

  it('passes over agents if its input was moved to a thread', async () => {
    const fallback = ['other', () => 'without it'];
    await using engine = await engineOf([onThreads('throwAsync', { fallback }), echo('other')]);
    const buffer = new ArrayBuffer(8);
    const outcome = await engine.submit('throwAsync', buffer, {
      transfer: [buffer],
      retry: { attempts: 3 },
    }).outcome;
    expect(outcome).toMatchObject({ status: 'completed', value: 'without it' });
    expect(noRetries(outcome)).toEqual(['input-moved', undefined]);
  });
});

describe('a function of a fallback', () => {
  it("that does not end within the agent's timeout is left, and the next step taken", async () => {
    const { promise: never } = deferred();
    const agent = failing('first', { timeoutMs: 20, fallback: [() => never, () => 'second step'] });
    await using engine = await engineOf([agent]);
    const outcome = await engine.submit('first', 'x').outcome;
    expect(outcome).toMatchObject({ status: 'completed', value: 'second step' });
    expect(outcome.attempts).toMatchObject([{}, { error: { code: 'TIMEOUT' } }, { error: undefined }]);
  });

  it('can be left by cancel and by close', async () => {
    const { promise: never } = deferred();
    const engine = await engineOf([failing('first', { fallback: [() => never] })]);
    const handles = [engine.submit('first', 1), engine.submit('first', 2)];
    await nextTurn();
    expect(handles.map(({ state }) => state)).toEqual(['running', 'running']);
    expect(handles[0]!.reprioritize('high')).toBe(false);
    expect(handles[0]!.cancel()).toBe(true);
    await engine.close({ timeoutMs: 1 });
    expect(await handles[0]!.outcome).toMatchObject({ status: 'cancelled', reason: 'cancelled' });
    const cut = await handles[1]!.outcome;
    expect(cut).toMatchObject({ status: 'cancelled', reason: 'shutdown', agent: 'first' });
    expect(cut.attempts).toMatchObject([{ fallback: undefined }, { fallback: 'function', error: undefined }]);
    expect(sumOf(engine.stats())).toBe(2);
  });
});

describe('a task whose agents do not take it', () => {
  it('goes on to the fallback when its agent is removed while it waits', async () => {
    const gate = deferred();
    const only = ioAgent('only', { limit: 1, run: async () => gate.promise, fallback: ['other'] });
    await using engine = await engineOf([only, echo('other')]);
    const running = engine.submit('only', 1);
    const waiting = engine.submit('only', 2);
    await nextTurn();
    engine.remove('only');
    expect(await waiting.outcome).toMatchObject({
      status: 'completed',
      value: 'other of 2',
      degraded: { error: { code: 'AGENT_REMOVED' }, by: 'other' },
      attempts: [{ agent: 'other', fallback: 'agent' }],
    });
    gate.resolve();
    expect(await running.outcome).toMatchObject({ status: 'completed' });
  });

  it('goes on to the fallback when its agent is switched off', async () => {
    await using engine = await engineOf([onThreads('survive', { fallback: ['other'] }), echo('other')], {
      restarts: { max: 1 },
    });
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push(await engine.submit('survive', { fate: 'exit' }).outcome);
    expect(outcomes).toMatchObject([
      { degraded: { error: { code: 'WORKER_LOST' } } },
      { degraded: { error: { code: 'WORKER_LOST' } } },
      { degraded: { error: { code: 'AGENT_FAILED' } } },
    ]);
  });

  it('fails clearly if the agent that its fallback names was never registered', async () => {
    const engine = await createEngine();
    await engine.register(failing('first', { fallback: ['scond'] }));
    const run = engine.run as (agent: string, input: unknown) => Promise<unknown>;
    await expect(run.call(engine, 'first', 1)).rejects.toMatchObject({
      code: 'HANDLER_FAILED',
      fallbackErrors: [{ code: 'UNKNOWN_AGENT', message: 'fallback: no agent "scond" is registered' }],
    });
    await engine.close();
  });
});
