import { describe, expect, it, vi } from 'vitest';
import { ioAgent, type Limit } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { collect, Source, upTo, values } from '../fixtures/sources.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('a stream under overload', () => {
  it('waits for room instead of losing anything', async () => {
    const io = ioAgent('io', { limit: 2, run: (n: number) => nextTurn().then(() => n) });
    await using own = await engineOf([io], { queue: { limit: 5 } });
    const streams = [0, 1, 2, 3].map((at) =>
      own.stream(
        'io',
        upTo(100).map((i) => i + 100 * at),
        { ordered: true },
      ),
    );
    const got = await Promise.all(streams.map(collect));
    expect(got.flatMap(values)).toEqual(upTo(400));
  });

  it('waits by its own priority, and stops waiting when it is stopped', async () => {
    const gate = deferred<number>();
    await using own = await engineOf([ioAgent('held', { run: () => gate.promise })], {
      queue: { limit: 1 },
      admission: { policy: 'fixed' },
    });
    const occupant = own.submit('held', 1);
    const source = new Source(5);
    const stream = own.stream('held', source, { priority: 'high' });
    const first = stream.next();
    await nextTurn();
    expect(source.pulled).toBe(0);
    await stream.return?.();
    expect(await first).toEqual({ done: true, value: undefined });
    gate.resolve(1);
    await occupant.outcome;
    await nextTurn();
    expect([source.pulled, own.stats().tasks.submitted]).toEqual([0, 1]);
  });

  it('counts nothing that it waited for as rejected', async () => {
    await using own = await engineOf(
      [ioAgent('io', { limit: 2, run: (n: number) => nextTurn().then(() => n) })],
      {
        queue: { limit: 5 },
      },
    );
    const streams = [0, 1, 2, 3].map(() => collect(own.stream('io', upTo(50))));
    await Promise.all(streams);
    expect(own.stats().tasks).toMatchObject({ submitted: 200, completed: 200, rejected: 0 });
  });

  it('leaves the others their turn while a limit says that there is room and lets nobody in', async () => {
    let letIn = false;
    const limit: Limit = {
      acquire: () => (letIn ? undefined : { reason: 'over-limit', load: 1, retryAfterMs: 1 }),
      release: () => undefined,
      hasRoom: () => true,
      load: () => 1,
    };
    await using own = await engineOf([ioAgent('io', { run: async (n: number) => n })], {
      admission: { policy: 'custom', limit },
    });
    const collected = collect(own.stream('io', [1]));
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    letIn = true;
    expect(values(await collected)).toEqual([1]);
  });

  it('does not look for room all the time while the queue is full', async () => {
    let looks = 0;
    const limit: Limit = {
      acquire: () => undefined,
      release: () => undefined,
      hasRoom: () => ++looks > 0,
      load: () => 0,
    };
    const gates = upTo(4).map(() => deferred<number>());
    await using own = await engineOf(
      [ioAgent('held', { limit: 1, run: (n: number) => gates[n]!.promise.then(() => n) })],
      { admission: { policy: 'custom', limit }, queue: { limit: 1 } },
    );
    const streams = upTo(4).map((n) => collect(own.stream('held', [n])));
    await nextTurn();
    // One runs, one waits, two are at the door; the first to end makes room.
    gates[0]!.resolve(0);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    const before = looks;
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    expect(looks - before).toBeLessThan(5);
    for (const gate of gates) gate.resolve(0);
    expect((await Promise.all(streams)).flatMap(values)).toHaveLength(4);
  });

  it('wakes as many of those that wait as there is room for, not all of them for each task that ends', async () => {
    let inside = 0;
    let looks = 0;
    const limit: Limit = {
      acquire: () => {
        if (inside >= 4) return { reason: 'over-limit', load: 1, retryAfterMs: 1 };
        inside++;
        return undefined;
      },
      release: () => void inside--,
      hasRoom: () => {
        looks++;
        return inside < 4;
      },
      load: () => inside / 4,
    };
    await using own = await engineOf(
      [ioAgent('io', { limit: 2, run: (n: number) => nextTurn().then(() => n) })],
      {
        admission: { policy: 'custom', limit },
      },
    );
    const streams = upTo(100).map(() => collect(own.stream('io', upTo(10))));
    await Promise.all(streams);
    expect(own.stats().tasks.completed).toBe(1_000);
    // A task needs a look before it is pulled, one before it is submitted, and some when it is woken.
    expect(looks / 1_000).toBeLessThan(15);
  });
});
