import { describe, expect, it, vi } from 'vitest';
import { ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

vi.setConfig({ testTimeout: 60_000 });
const timedOut = { status: 'failed', error: { code: 'TIMEOUT' } };

describe('a handler on a thread that never settles', () => {
  it.each(['never', 'neverReturns', 'untilCancelled', 'untilAborted'])(
    'fails with TIMEOUT, and its thread serves others again: %s',
    async (name) => {
      await using engine = await engineOf([onThreads(name, { timeoutMs: 50 }), onThreads('echo')]);
      const outcome = await engine.submit(name, { flag: new Flag().flag }).outcome;
      expect(outcome).toMatchObject({ ...timedOut, agent: name });
      expect(outcome.timing.serviceMs).toBeGreaterThanOrEqual(50);
      expect(await engine.run('echo', 'next')).toBe('next');
      expect(engine.stats().tasks).toMatchObject({ running: 0, waiting: 0, failed: 1, completed: 1 });
    },
  );

  it('that stops when it is asked to keeps its thread', async () => {
    await using engine = await engineOf([
      onThreads('untilCancelled'),
      onThreads('untilAborted'),
      onThreads('echo'),
    ]);
    const flag = new Flag();
    expect(await engine.submit('untilCancelled', 1, { timeoutMs: 30 }).outcome).toMatchObject(timedOut);
    expect(await engine.submit('untilAborted', { flag: flag.flag }, { timeoutMs: 30 }).outcome).toMatchObject(
      timedOut,
    );
    await engine.run('echo', 1);
    expect(flag.isRaised).toBe(true);
    expect(engine.stats().restarts).toBe(0);
  });

  it('does not hold up its batch-mates, nor those behind it', async () => {
    await using engine = await engineOf([onThreads('never'), onThreads('echo')]);
    await Promise.all(Array.from({ length: 50 }, (_, i) => engine.run('echo', i)));
    const handles = Array.from({ length: 50 }, (_, i) => engine.submit('echo', i));
    const stuck = engine.submit('never', 1, { timeoutMs: 50 });
    const more = Array.from({ length: 50 }, (_, i) => engine.submit('echo', i));
    expect(await stuck.outcome).toMatchObject(timedOut);
    for (const handle of [...handles, ...more])
      expect(await handle.outcome).toMatchObject({ status: 'completed' });
  });

  it('does not have the time that others took before it in its batch counted against it', async () => {
    await using engine = await engineOf([onThreads('spin', { timeoutMs: 1_000 })], {
      batch: { quantumMs: 10_000 },
    });
    await engine.run('spin', 1);
    const handles = Array.from({ length: 12 }, () => engine.submit('spin', 120));
    for (const handle of handles) expect(await handle.outcome).toMatchObject({ status: 'completed' });
  });
});

describe('a handler on the event loop that never settles', () => {
  it('fails with TIMEOUT, sees its signal abort, and gives its place to the next', async () => {
    const clock = new ManualClock();
    const seen: unknown[] = [];
    const agent = ioAgent('slow', {
      limit: 1,
      timeoutMs: 1_000,
      run: (input: string, ctx) => {
        ctx.signal.addEventListener('abort', () => seen.push([input, ctx.signal.reason, ctx.cancelled]));
        return input === 'stuck' ? new Promise<string>(() => {}) : Promise.resolve(input);
      },
    });
    const engine = await engineOf([agent], { clock });
    const stuck = engine.submit('slow', 'stuck');
    const next = engine.submit('slow', 'next');
    await nextTurn();
    clock.advance(998);
    await nextTurn();
    expect([stuck.state, next.state]).toEqual(['running', 'pending']);
    clock.advance(2);
    const outcome = await stuck.outcome;
    expect(outcome).toMatchObject({ ...timedOut, timing: { waitMs: 0, serviceMs: 1_000, totalMs: 1_000 } });
    expect(await next.outcome).toMatchObject({ status: 'completed', timing: { waitMs: 1_000 } });
    expect(seen).toEqual([['stuck', outcome.status === 'failed' && outcome.error, true]]);
    expect(clock.pending).toBe(0);
  });

  it('is not kept in memory by the engine', async () => {
    const clock = new ManualClock();
    const agent = ioAgent('stuck', { timeoutMs: 10, run: () => new Promise(() => {}) });
    const engine = await engineOf([agent], { clock, admission: { policy: 'fixed' } });
    for (let i = 0; i < 50; i++) {
      const handles = Array.from({ length: 64 }, () => engine.submit('stuck', i));
      await nextTurn();
      clock.advance(11);
      for (const handle of handles) expect(await handle.outcome).toMatchObject(timedOut);
      clock.turn();
    }
    const { live } = (
      engine as unknown as { parts: { settlement: { live: { size: number; pages: Map<number, unknown> } } } }
    ).parts.settlement;
    expect([live.size, live.pages.size]).toEqual([0, 1]);
  });

  it('and settles late changes nothing', async () => {
    const clock = new ManualClock();
    const late = deferred<string>();
    const failing = deferred<string>();
    const agent = ioAgent('late', {
      timeoutMs: 10,
      run: (which: string) => (which === 'ok' ? late : failing).promise,
    });
    const engine = await engineOf([agent], { clock });
    const handles = [engine.submit('late', 'ok'), engine.submit('late', 'fails')];
    await nextTurn();
    clock.advance(11);
    for (const handle of handles) expect(await handle.outcome).toMatchObject(timedOut);
    late.resolve('too late');
    failing.reject(new Error('too late'));
    await nextTurn();
    expect(engine.stats().tasks).toMatchObject({ submitted: 2, failed: 2, completed: 0, running: 0 });
    expect(engine.stats().agents[0]).toMatchObject({ inFlight: 0, counts: { failed: 2 } });
  });

  it('has the timeout of its task before that of its agent', async () => {
    const clock = new ManualClock();
    const agent = ioAgent('slow', { timeoutMs: 1_000, run: () => new Promise(() => {}) });
    const engine = await engineOf([agent], { clock });
    const soon = engine.submit('slow', 1, { timeoutMs: 100 });
    const later = engine.submit('slow', 1, { timeoutMs: 5_000 });
    await nextTurn();
    clock.advance(1_001);
    await nextTurn();
    expect([soon.state, later.state]).toEqual(['failed', 'running']);
    clock.advance(4_000);
    expect(await later.outcome).toMatchObject(timedOut);
  });
});
