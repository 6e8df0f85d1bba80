import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Engine, ioAgent, type TaskHandle } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
// @ts-expect-error: handlers are JavaScript, as users may write them.
import * as handlers from '../fixtures/handlers.mjs';
import { Flag, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });
const names = ['report', 'reportSync', 'context', 'echo', 'hold'];
let engine: Engine;
beforeAll(async () => {
  engine = await engineOf([
    ...names.map((name) => onThreads(name)),
    ioAgent('loopReport', { run: handlers.report }),
    ioAgent('loopReportSync', { run: handlers.reportSync }),
    ioAgent('loopContext', { run: handlers.context }),
  ]);
});
afterAll(() => engine.close());

/** Everything that a handle tells, in order, its outcome last. */
function story(handle: TaskHandle): Promise<unknown[]> {
  const seen: unknown[] = [];
  handle.on('progress', (fraction) => seen.push(fraction));
  handle.on('partial', (part) => seen.push(part));
  return handle.outcome.then((outcome) => [...seen, outcome.status]);
}
const STORY = [0.25, { part: 1 }, 0.5, { part: 2 }, 0.75, { part: 3 }, 1, { part: 4 }, 'completed'];

describe.each(['report', 'loopReport'])('progress and partial output (%s)', (agent) => {
  it.each([true, false])(
    'arrive in order and before the outcome; the handler waits for them: %s',
    async (wait) => {
      expect(await story(engine.submit(agent, { steps: 4, wait }))).toEqual(STORY);
    },
  );

  it('arrive at the right task out of many', async () => {
    const stories = Array.from({ length: 100 }, (_, i) =>
      story(engine.submit(agent, { steps: i % 5, wait: i % 2 === 0 })),
    );
    for (const [i, told] of (await Promise.all(stories)).entries())
      expect(told).toHaveLength(2 * (i % 5) + 1);
  });

  it('reach the other listeners if one throws, which is reported; the task goes on', async () => {
    const errors: unknown[] = [];
    const remove = engine.on('listenerError', (event) => errors.push(event));
    const handle = engine.submit(agent, { steps: 1, wait: true });
    const error = new Error('mine');
    handle.on('progress', () => {
      throw error;
    });
    expect(await story(handle)).toEqual([1, { part: 1 }, 'completed']);
    expect(errors).toEqual([{ event: 'progress', error }]);
    remove();
  });

  it('reach nobody any more whose listener was removed', async () => {
    const handle = engine.submit(agent, { steps: 3, wait: true });
    const seen: number[] = [];
    const remove = handle.on('progress', (fraction) => {
      seen.push(fraction);
      remove();
    });
    await handle.outcome;
    expect(seen).toHaveLength(1);
  });

  it('end with the task: a cancelled one tells no more', async () => {
    const handle = engine.submit(agent, { steps: 5, wait: true });
    const seen: number[] = [];
    handle.on('progress', (fraction) => {
      seen.push(fraction);
      handle.cancel();
    });
    expect(await handle.outcome).toMatchObject({ status: 'cancelled' });
    await engine.run('echo', 1);
    expect(seen).toEqual([0.2]);
  });

  it('take at most 32 listeners a task, and none that hears anything after the end', async () => {
    const handle = engine.submit(agent, { steps: 1, wait: true });
    for (let i = 0; i < 32; i++) handle.on('progress', () => {});
    expect(() => handle.on('progress', () => {})).toThrow('at most 32');
    await handle.outcome;
    handle.on('progress', () => {})();
  });
});

it.each(['reportSync', 'loopReportSync'])(
  'a handler that awaits nothing can report as well: %s',
  async (agent) => {
    const handles = Array.from({ length: 50 }, () => story(engine.submit(agent, 3)));
    for (const told of await Promise.all(handles)) expect(told).toEqual([1 / 3, 2 / 3, 1, 'completed']);
  },
);

it.each(['context', 'loopContext'])('a handler knows its task and its agent: %s', async (agent) => {
  const handle = engine.submit(agent, 1);
  expect(await handle.outcome).toMatchObject({
    value: { taskId: handle.id, agent, cancelled: false, aborted: false },
  });
});

it('a blocked thread has told what it told before', async () => {
  const flag = new Flag();
  const handle = engine.submit('hold', { flag: flag.flag, value: 1 });
  await running(handle);
  expect(handle.state).toBe('running');
  flag.raise();
  expect(await handle.outcome).toMatchObject({ status: 'completed', value: 1 });
});

it('partial output that cannot be cloned is refused where it is emitted, and the task goes on', async () => {
  await using own = await engineOf([onThreads('emitFunction'), onThreads('echo')]);
  expect(await own.submit('emitFunction', 1).outcome).toMatchObject({
    status: 'completed',
    value: 'refused: DataCloneError',
  });
  expect(await own.run('echo', 1)).toBe(1);
});
