import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, type Engine, ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

let engine: Engine;
let gate: ReturnType<typeof deferred<void>>;
beforeEach(async () => {
  gate = deferred();
  const run = async (_input: unknown, ctx: { progress(n: number): Promise<void> }) => {
    await ctx.progress(0);
    await gate.promise;
  };
  engine = await engineOf([ioAgent('one', { run, limit: 1 })], { admission: { policy: 'none' } });
});
afterEach(async () => {
  gate.resolve();
  await engine.close();
});

/** The one that runs, and some that wait behind it. */
async function backlog(count: number) {
  const first = engine.submit('one', 0);
  const others = Array.from({ length: count }, (_, i) => engine.submit('one', i + 1));
  await running(first);
  return [first, ...others];
}

describe('a wrong call that is about cancelling', () => {
  const failureOf = (call: () => unknown): ConfigError => {
    try {
      call();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return error as ConfigError;
    }
    throw new Error('it was accepted');
  };
  const filters: [unknown, string][] = [
    [{}, 'cancel: expected at least one condition, or { all: true }, got none'],
    [{ agent: undefined }, 'cancel: expected at least one condition, or { all: true }, got none'],
    [undefined, 'cancel: expected a value; it is required, got undefined'],
    [{ all: true, agent: 'one' }, 'cancel: expected all, or conditions, not both, got all, agent'],
    [{ all: false }, 'cancel.all: expected true, got false'],
    [{ agnt: 'one' }, 'cancel.agnt: unknown option; did you mean "agent"?'],
    [{ id: 7 }, 'cancel.id: expected a text of 1 to 200 characters, got 7'],
    [{ tag: '' }, "cancel.tag: expected a text of 1 to 200 characters, got ''"],
    [{ priority: 3 }, 'cancel.priority: expected an object, got 3'],
    [
      { priority: {} },
      'cancel.priority: expected { min } or { max } or both, min no larger than max, got {}',
    ],
    [
      { priority: { min: 2, max: 1 } },
      'cancel.priority: expected { min } or { max } or both, min no larger than max, got { min: 2, max: 1 }',
    ],
    [
      { priority: { min: Number.NaN } },
      'cancel.priority.min: expected a whole number within ±1000000000, got NaN',
    ],
    [{ where: true }, 'cancel.where: expected a function (task) => true or false, got true'],
  ];
  it.each(filters)('with the filter %j is refused', async (filter, message) => {
    const [task] = await backlog(0);
    expect(failureOf(() => engine.cancel(filter as never)).message).toBe(message);
    expect(task!.state).toBe('running');
  });

  it.each<[unknown, string]>([
    [
      { graceMs: -1 },
      'cancel options.graceMs: expected a number of milliseconds of at least 0, at most 2147483647, got -1',
    ],
    [
      { graceMs: Number.NaN },
      'cancel options.graceMs: expected a number of milliseconds of at least 0, got NaN',
    ],
    [{ because: 1 }, 'cancel options.because: unknown option; known are reason, graceMs'],
  ])('with the options %j is refused', async (options, message) => {
    const [task] = await backlog(0);
    expect(failureOf(() => engine.cancel({ all: true }, options as never)).message).toBe(message);
    expect(task!.state).toBe('running');
  });

  it('whose predicate throws for the last task cancels none, and gives its error', async () => {
    const handles = await backlog(9);
    const cause = new Error('no such field');
    let asked = 0;
    const where = () => {
      if (++asked === handles.length) throw cause;
      return true;
    };
    const error = failureOf(() => engine.cancel({ where }));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', path: 'cancel.where', cause });
    expect(error.message).toContain('nothing was cancelled');
    expect(handles.map(({ state }) => state)).toEqual(['running', ...Array(9).fill('pending')]);
  });

  it.each([[async () => true], [() => undefined], [() => 1]])(
    'whose predicate answers neither true nor false cancels none: %s',
    async (where) => {
      const handles = await backlog(2);
      expect(failureOf(() => engine.cancel({ where: where as never })).path).toBe('cancel.where');
      expect(handles.filter(({ state }) => state === 'cancelled')).toEqual([]);
    },
  );

  it.each<[unknown, string]>([
    [{ tags: 'nightly' }, "task.tags: expected a list of texts, got 'nightly'"],
    [{ tags: [''] }, "task.tags[0]: expected a text of 1 to 200 characters, got ''"],
    [{ tags: Array(17).fill('a') }, 'task.tags: expected at most 16 tags'],
  ])('with the task options %j is refused', (options, message) => {
    expect(failureOf(() => engine.submit('one', 1, options as never)).message).toContain(message);
  });

  it('of an agent with a grace period below 0 is refused', async () => {
    await expect(engine.register(onThreads('echo', { graceMs: -5 }))).rejects.toMatchObject({
      path: 'agent.options.graceMs',
    });
  });
});
