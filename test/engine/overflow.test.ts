import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  ioAgent,
  type Outcome,
  type OverflowSink,
  type StandardSchema,
  type TaskOptions,
} from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';
import { full, one, sinkOf } from '../overflow/full-engine.ts';

describe('what is offered to the sink', () => {
  it('is all that its task was asked with, once for each shed task', async () => {
    const sink = sinkOf();
    const { engine, gate } = await full(sink);
    await expect(
      engine.run('work', 1, { priority: 'high', tenant: 't', timeoutMs: 5, tags: ['x'] }),
    ).rejects.toMatchObject({
      overflowed: true,
      message: expect.stringContaining('do not send it again'),
    });
    await engine.submit('work', 2).outcome;
    expect(sink.taken).toMatchObject([
      {
        target: 'work',
        input: 1,
        priority: 10,
        tenant: 't',
        timeoutMs: 5,
        tags: ['x'],
        reason: 'over-limit',
      },
      { target: 'work', input: 2, priority: 0, tenant: undefined, timeoutMs: undefined },
    ]);
    expect(sink.taken[0]!.shedAtMs).toBeGreaterThan(1.6e12);
    expect(engine.stats().overflow).toMatchObject({ accepted: 2, refused: 0, waiting: 2 });
    gate.resolve();
    await engine.close();
  });

  it('is no task that could be stopped, whose memory moves or that says how it may fail, and no stream', async () => {
    const sink = sinkOf();
    const { engine, gate } = await full(sink);
    const buffer = new ArrayBuffer(4);
    const options: TaskOptions[] = [
      { signal: new AbortController().signal },
      { transfer: [buffer] },
      { retry: { attempts: 2 } },
      { deadlineMs: 60_000 },
    ];
    for (const own of options) {
      await expect(engine.run('work', buffer, own)).rejects.toMatchObject({ overflowed: false });
    }
    const stream = engine.stream('work', [1]);
    const first = stream.next();
    await nextTurn();
    expect(sink.taken).toEqual([]);
    expect(engine.stats().overflow).toMatchObject({ accepted: 0, refused: 0 });
    gate.resolve();
    expect(await first).toMatchObject({ value: { status: 'completed', value: 1 } });
    await stream.return!();
    await engine.close();
  });

  it('is the input as the caller gave it, and comes back through the schema', async () => {
    const seen: unknown[] = [];
    const agent = ioAgent('work', {
      input: v.pipe(v.number(), v.transform(String)) as unknown as StandardSchema<string>,
      run: async (text: string) => void seen.push(text),
    });
    let submit!: () => Promise<Outcome> | undefined;
    const sink = sinkOf({
      start: (port) => {
        submit = () => port.submit(sink.taken[0]!);
      },
    });
    await using engine = await engineOf([agent], { admission: one, overflow: sink });
    const inside = engine.submit('work', 1);
    await engine.submit('work', 2).outcome;
    expect(sink.taken[0]!.input).toBe(2);
    expect(submit()).toBe(undefined);
    await inside.outcome;
    expect(await submit()).toMatchObject({ status: 'completed' });
    expect(seen).toEqual(['1', '2']);
  });

  it('is what has waited too long, too', async () => {
    const clock = new ManualClock();
    const gate = deferred();
    const run = (input: unknown) => (input === 'slow' ? gate.promise : undefined);
    const sink = sinkOf();
    const agent = ioAgent('work', { limit: 1, slo: { p99Ms: 50 }, run });
    const engine = await engineOf([agent], { clock, overflow: sink });
    for (let i = 0; i < 60; i++) {
      clock.advance(1);
      await engine.run('work', i);
    }
    const slow = engine.submit('work', 'slow');
    const late = engine.submit('work', { late: true }, { tenant: 't', priority: 'low', tags: ['y'] });
    late.reprioritize(-3);
    await nextTurn();
    clock.advance(100);
    gate.resolve();
    await slow.outcome;
    expect(await late.outcome).toMatchObject({
      status: 'rejected',
      error: { reason: 'expired', overflowed: true },
    });
    expect(sink.taken).toMatchObject([
      { input: { late: true }, tenant: 't', tags: ['y'], priority: -3, reason: 'expired', target: 'work' },
    ]);
    await engine.close();
  });
});

describe('a sink that fails', () => {
  it('changes nothing for the caller', async () => {
    const { engine, gate, errors } = await full(
      sinkOf({
        accept: () => {
          throw new Error('no');
        },
        close: () => Promise.reject(new Error('not even that')),
      }),
    );
    await expect(engine.run('work', 1)).rejects.toMatchObject({ code: 'OVERLOADED', overflowed: false });
    expect(engine.stats().overflow).toMatchObject({ accepted: 0, refused: 1 });
    gate.resolve();
    await engine.close();
    expect(errors.map(({ event, error }) => `${event}: ${(error as Error).message}`)).toEqual([
      'overflow: no',
      'overflow: not even that',
    ]);
  });

  it('and one that says neither true nor false has not taken it', async () => {
    const accept = (async () => true) as unknown as OverflowSink['accept'];
    const { engine, gate } = await full(sinkOf({ accept }));
    await expect(engine.run('work', 1)).rejects.toMatchObject({ overflowed: false });
    gate.resolve();
    await engine.close();
  });

  it('to close does not keep the engine from closing', async () => {
    const clock = new ManualClock();
    const closing = deferred();
    const close = () => {
      closing.resolve();
      return new Promise<void>(() => {});
    };
    const errors: unknown[] = [];
    const engine = await engineOf([], { clock, closeTimeoutMs: 700, overflow: sinkOf({ close }) });
    engine.on('listenerError', ({ error }) => errors.push(error));
    const closed = engine.close();
    await closing.promise;
    clock.advance(700);
    await closed;
    expect(errors).toMatchObject([{ message: expect.stringContaining('did not close within 700 ms') }]);
    expect(clock.pending).toBe(0);
  });

  it('to count has no counts, and the engine still has its own', async () => {
    const stats = () => {
      throw new Error('uncounted');
    };
    const { engine, gate, errors } = await full(sinkOf({ stats }));
    expect(engine.stats()).toMatchObject({
      tasks: { running: 1 },
      overflow: { accepted: 0, waiting: Number.NaN },
    });
    expect(errors).toMatchObject([{ event: 'overflow', error: { message: 'uncounted' } }]);
    gate.resolve();
    await engine.close();
  });

  it('when it starts, fails the engine', async () => {
    let isClosed = false;
    const close = async () => {
      isClosed = true;
    };
    const start = () => Promise.reject(new Error('no'));
    await expect(engineOf([], { overflow: sinkOf({ start, close }) })).rejects.toThrow('no');
    expect(isClosed).toBe(false);
  });
});
