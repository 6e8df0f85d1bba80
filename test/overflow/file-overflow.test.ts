import { getEventListeners } from 'node:events';
import { rmSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  cpuAgent,
  type EngineOptions,
  fileOverflow,
  ioAgent,
  type Outcome,
  type OverflowEntry,
  type OverflowSink,
  UpstreamBusyError,
} from '../../src/index.ts';
import { HANDLERS } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';
import { full, one } from './full-engine.ts';

it.each<[string, () => unknown, RegExp]>([
  [
    'no sink',
    () => engineOf([], { overflow: {} as OverflowSink }),
    /^overflow: expected an object with the methods/,
  ],
  [
    'no folder',
    () => fileOverflow({} as { folder: string }),
    /^fileOverflow.folder: expected a value; it is required/,
  ],
  ['an empty folder', () => fileOverflow({ folder: '' }), /folder: expected the path of a folder, got ''/],
  ['an unknown option', () => fileOverflow({ folder: 'a', maxByte: 5 } as never), /did you mean "maxBytes"/],
  ['no bytes', () => fileOverflow({ folder: 'a', maxBytes: 0 }), /maxBytes: expected a whole number from 1/],
  [
    'a load above 1',
    () => fileOverflow({ folder: 'a', resumeLoad: 2 }),
    /resumeLoad: expected a number above 0/,
  ],
  [
    'negative time',
    () => fileOverflow({ folder: 'a', syncEveryMs: -1 }),
    /syncEveryMs: expected a number of ms|milli/,
  ],
])('a wrong option is refused: %s', async (_name, make, message) => {
  await expect((async () => make())()).rejects.toThrow(message);
});

describe('a file overflow', () => {
  it('goes on with what an engine before it has left, and tells how it ended', async () => {
    const folder = temporaryFolder();
    const { engine, gate } = await full(fileOverflow({ folder }));
    for (const n of [1, 2]) await engine.submit('work', n).outcome;
    const closing = engine.close();
    gate.resolve();
    await closing;

    const told: [unknown, Outcome][] = [];
    const agent = ioAgent('work', {
      run: async (n: number) => (n === 1 ? n : Promise.reject(new RangeError('two'))),
    });
    const onOutcome = (outcome: Outcome, entry: OverflowEntry) => void told.push([entry.input, outcome]);
    const again = await engineOf([agent], { overflow: fileOverflow({ folder, onOutcome }) });
    while (again.stats().overflow!.waiting > 0) await nextTurn();
    expect(told).toMatchObject([
      [1, { status: 'completed', value: 1 }],
      [2, { status: 'failed', error: { code: 'HANDLER_FAILED' } }],
    ]);
    expect(again.stats().overflow).toMatchObject({ acknowledged: 2, resubmitted: 2, accepted: 0 });
    await again.close();
  });

  it('keeps what nobody serves now, what is refused, and what could not be told', async () => {
    const folder = temporaryFolder();
    const { engine, gate } = await full(fileOverflow({ folder }));
    await engine.submit('work', 'text').outcome;
    const closing = engine.close();
    gate.resolve();
    await closing;
    const errors: unknown[] = [];
    const lives: [EngineOptions['agents'], (() => Promise<void>) | undefined, number][] = [
      [[ioAgent('other', { run: async () => 1 })], undefined, 0],
      [[ioAgent('work', { input: v.number(), run: async (_n: number) => 1 })], undefined, 1],
      [[ioAgent('work', { run: async () => 1 })], () => Promise.reject(new Error('full')), 1],
    ];
    for (const [agents, onOutcome, setAside] of lives) {
      const overflow = fileOverflow({ folder, ...(onOutcome && { onOutcome }) });
      const next = await engineOf(agents!, { overflow });
      const seen = deferred<unknown>();
      next.on('listenerError', ({ error }) => seen.resolve(error));
      errors.push(await seen.promise);
      expect(next.stats().overflow).toMatchObject({ waiting: 1, setAside });
      await next.close();
    }
    expect(errors).toMatchObject([{ code: 'UNKNOWN_AGENT' }, { code: 'INPUT_INVALID' }, { message: 'full' }]);
  });

  it('waits for an agent that is registered later', async () => {
    const folder = temporaryFolder();
    const { engine, gate } = await full(fileOverflow({ folder }));
    await engine.submit('work', 1).outcome;
    const closing = engine.close();
    gate.resolve();
    await closing;
    const clock = new ManualClock();
    const next = await engineOf([], { overflow: fileOverflow({ folder }), clock });
    const missed = deferred();
    next.on('listenerError', () => missed.resolve());
    await missed.promise;
    const ran = deferred<unknown>();
    await next.register(ioAgent('work', { run: async (n) => ran.resolve(n) }));
    while (clock.pending === 0) await nextTurn();
    clock.advance(5_000);
    expect(await ran.promise).toBe(1);
    while (next.stats().overflow!.waiting > 0) await nextTurn();
    await next.close();
  });

  it('tries again when the upstream was busy', async () => {
    let tries = 0;
    const agent = ioAgent('work', {
      run: async () => {
        if (tries++ === 1) throw new UpstreamBusyError('later');
      },
    });
    const overflow = fileOverflow({ folder: temporaryFolder() });
    await using engine = await engineOf([agent], { admission: one, overflow });
    const inside = engine.submit('work', 1);
    await engine.submit('work', 2).outcome;
    await inside.outcome;
    while (engine.stats().overflow!.acknowledged === 0) await nextTurn();
    expect(tries).toBe(3);
    expect(engine.stats().overflow!.resubmitted).toBe(2);
  });

  it('brings nothing back before the load has fallen as far as it was told', async () => {
    const gates = [deferred(), deferred(), deferred()];
    const agent = ioAgent('work', { run: async (n: number) => gates[n]?.promise });
    const overflow = fileOverflow({ folder: temporaryFolder(), resumeLoad: 0.5 });
    const clock = new ManualClock();
    const admission = { policy: 'fixed', capacity: 3, threshold: 1 } as const;
    await using engine = await engineOf([agent], { admission, overflow, clock });
    const handles = [0, 1, 2].map((n) => engine.submit('work', n));
    await engine.submit('work', 3).outcome;
    gates[0]!.resolve();
    await handles[0]!.outcome;
    for (let i = 0; i < 10; i++) {
      clock.advance(50);
      clock.turn();
      await nextTurn();
    }
    expect(engine.stats().overflow).toMatchObject({ resubmitted: 0, waiting: 1 });
    gates[1]!.resolve();
    while (engine.stats().overflow!.acknowledged === 0) {
      clock.advance(50);
      clock.turn();
      await nextTurn();
    }
    gates[2]!.resolve();
  });

  it('does not take what would not come back as it was, and says so once', async () => {
    const { engine, gate, errors } = await full(fileOverflow({ folder: temporaryFolder() }));
    for (let i = 0; i < 3; i++) {
      await expect(engine.run('work', () => i)).rejects.toMatchObject({ overflowed: false });
    }
    expect(errors.map(({ error }) => (error as Error).message)).toEqual([
      expect.stringContaining('agent "work": an input with an instance of a class'),
    ]);
    gate.resolve();
    await engine.close();
  });

  it('refuses for a while, and reports once, when it cannot write', async () => {
    const folder = temporaryFolder();
    const { engine, gate, errors } = await full(fileOverflow({ folder }));
    rmSync(folder, { recursive: true });
    for (let i = 0; i < 5; i++) {
      await expect(engine.run('work', i)).rejects.toMatchObject({ overflowed: false });
    }
    expect(errors).toMatchObject([{ event: 'overflow', error: { code: 'ENOENT' } }]);
    gate.resolve();
    await engine.close();
  });

  it('gives one folder to one engine', async () => {
    const folder = temporaryFolder();
    await using _first = await engineOf([], { overflow: fileOverflow({ folder }) });
    await expect(engineOf([], { overflow: fileOverflow({ folder }) })).rejects.toMatchObject({
      code: 'OVERFLOW_UNUSABLE',
    });
  });

  it('feeds agents on threads, and leaves no listeners behind', async () => {
    const signals = new Set<AbortSignal>();
    const inner = fileOverflow({ folder: temporaryFolder(), resumeLoad: 1 });
    const overflow: OverflowSink = {
      start: (port) =>
        inner.start({
          ...port,
          ready: (entry, signal) => {
            signals.add(signal);
            return port.ready(entry, signal);
          },
        }),
      accept: (entry) => inner.accept(entry),
      stats: () => inner.stats(),
      close: () => inner.close(),
    };
    const echo = cpuAgent('echo', { module: HANDLERS, export: 'echo' });
    const admission = { policy: 'fixed', capacity: 4, threshold: 1 } as const;
    await using engine = await engineOf([echo], { admission, overflow });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, i) => engine.submit('echo', i).outcome),
    );
    const sent = outcomes.filter(({ status }) => status === 'rejected').length;
    expect(sent).toBeGreaterThan(100);
    while (engine.stats().overflow!.acknowledged < sent) await nextTurn();
    expect([...signals].map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0]);
  });
});
