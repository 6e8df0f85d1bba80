import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Engine, EngineClosedError, ioAgent, type Outcome } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { collect, Source, upTo, values } from '../fixtures/sources.ts';
import { nextTurn } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

let engine: Engine;
beforeAll(async () => {
  engine = await engineOf(
    [
      onThreads('echo'),
      ioAgent('io', { limit: 1_000, run: async (n: number) => n }),
      // Later ones finish first.
      ioAgent('backwards', {
        limit: 1_000,
        run: async (n: number) => {
          for (let i = n % 10; i < 10; i++) await nextTurn();
          return n;
        },
      }),
    ],
    { threads: { count: 2 } },
  );
});
afterAll(() => engine.close());

describe('a stream', () => {
  it.each([
    ['echo', true],
    ['echo', false],
    ['backwards', true],
    ['backwards', false],
  ])('gives an outcome for every input (%s, ordered: %s)', async (agent, ordered) => {
    const got = values(await collect(engine.stream(agent, new Source(2_500), { ordered, window: 300 })));
    if (ordered) expect(got).toEqual(upTo(2_500));
    else expect(got.sort((a, b) => Number(a) - Number(b))).toEqual(upTo(2_500));
  });

  it('takes any iterable, also an empty one', async () => {
    expect(values(await collect(engine.stream('io', [1, 2], { ordered: true })))).toEqual([1, 2]);
    expect(values(await collect(engine.stream('io', new Set([3]))))).toEqual([3]);
    expect(await collect(engine.stream('io', []))).toEqual([]);
    const once = engine.stream('io', upTo(3).values());
    expect(await collect(once)).toHaveLength(3);
    expect(await once.next()).toEqual({ done: true, value: undefined });
  });

  it('gives outcomes as they finish unless it is told to keep the order', async () => {
    const got = values(await collect(engine.stream('backwards', upTo(10))));
    expect(got).not.toEqual(upTo(10));
    expect(values(await collect(engine.stream('backwards', upTo(10), { ordered: true })))).toEqual(upTo(10));
  });

  it('pulls nothing before it is read, and at most the window ahead of the reader', async () => {
    for (const ordered of [true, false]) {
      const source = new Source(1_000);
      const stream = engine.stream('io', source, { window: 7, ordered });
      await nextTurn();
      expect(source.pulled).toBe(0);
      for (let read = 1; read <= 50; read++) {
        expect((await stream.next()).done).toBe(false);
        for (let i = 0; i < 3; i++) await nextTurn();
        expect(source.pulled).toBeLessThanOrEqual(read + 7);
      }
      await stream.return?.();
    }
  });

  it('answers several reads at once', async () => {
    const stream = engine.stream('io', upTo(3), { ordered: true });
    const reads = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()]);
    expect(reads.map((read) => (read.done ? 'done' : values([read.value])[0]))).toEqual([0, 1, 2, 'done']);
  });
});

describe('a stream that is stopped', () => {
  /** An engine whose only agent never ends a task by itself. */
  async function stuckEngine() {
    const aborted: unknown[] = [];
    const own = await engineOf([
      ioAgent('stuck', {
        limit: 100,
        run: (n: number, ctx) => {
          ctx.signal.addEventListener('abort', () => aborted.push(n));
          return n === 0 ? Promise.resolve(0) : new Promise<number>(() => {});
        },
      }),
    ]);
    return { own, aborted };
  }

  it('by a break cancels what is outstanding and closes the source', async () => {
    const { own, aborted } = await stuckEngine();
    const source = new Source(1_000);
    for await (const outcome of own.stream('stuck', source, { window: 20 })) {
      expect(outcome).toMatchObject({ status: 'completed', value: 0 });
      while (own.stats().lanes.loop.running < 19) await nextTurn();
      break;
    }
    expect(source.isClosed).toBe(true);
    await nextTurn();
    const { tasks } = own.stats();
    expect(tasks).toMatchObject({ completed: 1, running: 0, waiting: 0 });
    expect(tasks.cancelled).toBeGreaterThan(0);
    expect(aborted).toHaveLength(tasks.cancelled);
    await own.close();
  });

  it('by return gives nothing more', async () => {
    const { own } = await stuckEngine();
    const stream = own.stream('stuck', new Source(100), { window: 20 });
    await stream.next();
    await nextTurn();
    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    await nextTurn();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await own.close();
  });

  it('by an error of its reader closes the source', async () => {
    const source = new Source(1_000);
    const reading = (async () => {
      for await (const _ of engine.stream('io', source, { window: 20 })) throw new Error('reader');
    })();
    await expect(reading).rejects.toThrow('reader');
    expect(source.isClosed).toBe(true);
  });

  it('while its source hangs does not hang with it', async () => {
    const hanging = (async function* () {
      yield 0;
      await new Promise(() => {});
    })();
    for await (const _ of engine.stream('io', hanging)) break;
  });

  it('by its signal cancels what is outstanding, ends, and closes the source', async () => {
    const { own } = await stuckEngine();
    const source = new Source(1_000);
    const controller = new AbortController();
    const stream = own.stream('stuck', source, { window: 5, signal: controller.signal });
    await stream.next();
    await nextTurn();
    controller.abort('enough');
    const rest = await collect(stream);
    expect(rest).toHaveLength(source.pulled - 1);
    expect(rest.every((outcome) => outcome.status === 'cancelled' && outcome.error.cause === 'enough')).toBe(
      true,
    );
    expect(source.isClosed).toBe(true);
    await own.close();
  });

  it('before it was read leaves the source alone or closes it, and ends', async () => {
    const stream = engine.stream('io', new Source(10), { signal: AbortSignal.abort() });
    expect(await collect(stream)).toEqual([]);
    const unread = engine.stream('io', new Source(10));
    await unread.return?.();
    expect(await collect(unread)).toEqual([]);
  });

  it('by the end of the engine gives what was outstanding as cancelled, then throws, and closes the source', async () => {
    const { own } = await stuckEngine();
    const source = new Source(1_000);
    const stream = own.stream('stuck', source, { window: 5 });
    await stream.next();
    await nextTurn();
    await own.close({ timeoutMs: 10 });
    const rest: Outcome[] = [];
    const reading = (async () => {
      for await (const outcome of stream) rest.push(outcome);
    })();
    await expect(reading).rejects.toBeInstanceOf(EngineClosedError);
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.every((outcome) => outcome.status === 'cancelled' && outcome.reason === 'shutdown')).toBe(
      true,
    );
    expect(source.isClosed).toBe(true);
  });
});

describe('a source', () => {
  it('that throws half-way ends the stream with its error, after the outcomes of what came before', async () => {
    for (const ordered of [true, false]) {
      const got: Outcome[] = [];
      const reading = (async () => {
        for await (const outcome of engine.stream('echo', new Source(100, 60), { ordered }))
          got.push(outcome);
      })();
      await expect(reading).rejects.toThrow('the source broke');
      expect(values(got).sort((a, b) => Number(a) - Number(b))).toEqual(upTo(60));
    }
  });

  it('that throws at once, or cannot be iterated, is an error of the stream', async () => {
    await expect(collect(engine.stream('io', new Source(5, 0)))).rejects.toThrow('the source broke');
    const broken = {
      [Symbol.iterator](): Iterator<number> {
        throw new Error('no iterator');
      },
    };
    await expect((async () => collect(engine.stream('io', broken)))()).rejects.toThrow('no iterator');
  });

  it('that gives an input which the agent refuses ends the stream with that error and is closed', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => (value === 3 ? { issues: [{ message: 'not 3' }] } : { value }),
      },
    };
    const own = await engineOf([ioAgent('picky', { run: async (n: unknown) => n, input: schema })]);
    const source = new Source(10);
    await expect(collect(own.stream('picky', source))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(source.isClosed).toBe(true);
    await own.close();
  });
});
