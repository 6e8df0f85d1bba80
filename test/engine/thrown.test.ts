import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEngine, type Engine, ioAgent, TaskError } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
// @ts-expect-error: handlers are JavaScript, as users may write them.
import * as handlers from '../fixtures/handlers.mjs';

vi.setConfig({ testTimeout: 60_000 });
/** What cannot even be looked at without throwing; each gets an engine of its own. */
const HOSTILE = ['unreadable', 'unspeakable', 'symbolName', 'revoked'];
const kinds = (handlers.thrownKinds as string[]).filter((kind) => !HOSTILE.includes(kind));

let engine: Engine;
const agents = [
  onThreads('throwSync'),
  onThreads('throwAsync'),
  onThreads('echo'),
  ioAgent('loopSync', { run: handlers.throwSync }),
  ioAgent('loopAsync', { run: handlers.throwAsync }),
  ioAgent('count', { run: async (n: number) => n }),
];
beforeAll(async () => {
  engine = (await createEngine({ agents, threads: { count: 1 }, closeTimeoutMs: 500 })) as unknown as Engine;
});
afterAll(() => engine.close());

/** A task's error, and what the handler threw. */
type Failed = TaskError & { cause: Error & { cause?: unknown } };

/** The error of a task that must fail. */
async function errorOf(agent: string, input: unknown): Promise<Failed> {
  const outcome = await engine.submit(agent, input).outcome;
  if (outcome.status !== 'failed') throw new Error(`${agent} ${outcome.status}`);
  expect(outcome.error).toBeInstanceOf(TaskError);
  expect(outcome.error).toMatchObject({ agent, taskId: outcome.taskId });
  return outcome.error as Failed;
}

describe.each(['throwSync', 'throwAsync', 'loopSync', 'loopAsync'])('a handler that throws (%s)', (agent) => {
  it.each<[string, unknown]>([
    ['string', 'just text'],
    ['empty', ''],
    ['null', null],
    ['undefined', undefined],
    ['number', 42],
  ])('a %s fails the task with it as the cause', async (kind, value) => {
    const error = await errorOf(agent, kind);
    expect(error.code).toBe('HANDLER_FAILED');
    expect('cause' in error).toBe(true);
    expect(error.cause).toBe(value);
  });

  it('an error keeps type, message, stack, fields and cause', async () => {
    const typed = await errorOf(agent, 'typed');
    expect(typed.cause).toBeInstanceOf(RangeError);
    expect(typed.message).toBe(`agent "${agent}": RangeError: out of range`);
    expect(typed.cause.stack).toContain('handlers.mjs');
    const custom = await errorOf(agent, 'custom');
    expect(custom.cause).toMatchObject({
      name: 'PaymentError',
      message: 'declined',
      code: 'E_DECLINED',
      status: 402,
    });
    const caused = await errorOf(agent, 'cause');
    expect(caused.cause.cause).toBeInstanceOf(TypeError);
    expect(caused.cause.cause).toMatchObject({ message: 'inner', cause: 'root' });
  });

  it('an error that cannot be cloned keeps type, message, stack and what can be cloned', async () => {
    const error = await errorOf(agent, 'uncloneable');
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ message: 'has a function', code: 7 });
    expect(error.cause.stack).toContain('handlers.mjs');
  });

  it('an error whose causes never end keeps its own message and the first causes', async () => {
    const cyclic = await errorOf(agent, 'cyclic');
    expect(cyclic.cause).toBeInstanceOf(Error);
    expect(cyclic.cause).toMatchObject({ message: 'cyclic', cause: { message: 'its cause' } });
    const long = await errorOf(agent, 'long');
    expect(long.cause).toMatchObject({ message: 'cause 29', cause: { message: 'cause 28' } });
  });

  it.each(kinds)('%s fails that task alone', async (kind) => {
    await failsAlone(engine, agent, kind);
  });

  it('makes run reject with the same error', async () => {
    await expect(engine.run(agent, 'typed')).rejects.toMatchObject({
      name: 'TaskError',
      code: 'HANDLER_FAILED',
      agent,
      cause: { message: 'out of range' },
    });
  });
});

describe.each(HOSTILE)('what cannot be looked at without throwing (%s)', (kind) => {
  it.each(['throwSync', 'loopSync', 'loopAsync'])('fails that task alone (%s)', async (agent) => {
    await using own = (await createEngine({
      agents,
      threads: { count: 1 },
      closeTimeoutMs: 500,
    })) as unknown as Engine;
    await failsAlone(own, agent, kind);
  });
});

/** Runs the failing task among others, all of which must complete. */
async function failsAlone(on: Engine, agent: string, kind: string): Promise<void> {
  const lane = agent.startsWith('loop') ? 'count' : 'echo';
  const others = Array.from({ length: 20 }, (_, i) => on.submit(lane, i));
  const failing = on.submit(agent, kind);
  const more = Array.from({ length: 20 }, (_, i) => on.submit(lane, i));
  expect(await failing.outcome).toMatchObject({ status: 'failed', error: { code: 'HANDLER_FAILED' } });
  for (const [i, handle] of [...others, ...more].entries()) {
    expect(await handle.outcome).toMatchObject({ status: 'completed', value: i % 20 });
  }
}
