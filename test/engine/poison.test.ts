import { describe, expect, it, vi } from 'vitest';
import { type EngineEvents, type EngineOptions, ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';

vi.setConfig({ testTimeout: 60_000 });

const deadly = (options: EngineOptions = {}) =>
  engineOf([onThreads('survive'), onThreads('surviveSync'), onThreads('bytes')], {
    restarts: { max: 100 },
    poison: { kills: 1 },
    ...(options as object),
  });

describe('a task that kills as many threads as it may', () => {
  it('fails as poison and becomes a dead letter that says what happened and what to do', async () => {
    await using engine = await deadly();
    const events: EngineEvents['deadLetter'][] = [];
    engine.on('deadLetter', (event) => events.push(event));
    const beforeMs = Date.now();
    const input = { fate: 'exit', at: new Date(0) };
    const options = { tenant: 'acme', tags: ['a', 'b'], priority: 3, timeoutMs: 60_000 };
    const handle = engine.submit('survive', input, options);
    const outcome = await handle.outcome;
    expect(outcome).toMatchObject({ status: 'failed', agent: 'survive', error: { code: 'POISON' } });
    expect(outcome.status === 'failed' && outcome.error.message).toMatch(
      /killed its thread and is not run again, see engine\.deadLetters: .*exited with code 3/,
    );

    const [letter, ...others] = engine.deadLetters.list();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      ...{ taskId: handle.id, target: 'survive', agent: 'survive', priority: 3, tenant: 'acme' },
      ...{ tags: ['a', 'b'], timeoutMs: 60_000, code: 'POISON', kills: 1, redrives: 0, inputState: 'kept' },
    });
    expect(letter!.suggestion).toContain('look for process.exit()');
    expect(letter!.suggestion).toContain(`redrive("${letter!.id}")`);
    expect(letter!.attempts).toMatchObject([{ agent: 'survive', lane: 'threads', code: 'POISON' }]);
    const { startedAtMs, durationMs } = letter!.attempts[0]!;
    expect(durationMs).toBeGreaterThanOrEqual(0);
    expect(letter!.submittedAtMs).toBeGreaterThanOrEqual(beforeMs - 1);
    expect(startedAtMs).toBeGreaterThanOrEqual(letter!.submittedAtMs - 1);
    expect(letter!.failedAtMs).toBeGreaterThanOrEqual(startedAtMs);
    expect(await engine.deadLetters.get(letter!.id)).toEqual({ ...letter, input });
    expect(events).toEqual([{ id: letter!.id, taskId: handle.id, agent: 'survive', code: 'POISON' }]);
    expect(engine.stats().deadLetters).toEqual({
      ...{ count: 1, redriving: 0, added: 1, dropped: 0, expired: 0, redriven: 0 },
    });
  });

  it('leaves those of its batch alone, which complete', async () => {
    await using engine = await deadly();
    await Promise.all(Array.from({ length: 100 }, () => engine.run('surviveSync', { value: 0 })));
    const handles = Array.from({ length: 100 }, (_, i) =>
      engine.submit('surviveSync', i % 40 === 20 ? { fate: 'exit' } : { value: i }),
    );
    for (const [i, handle] of handles.entries()) {
      const expected =
        i % 40 === 20 ? { status: 'failed', error: { code: 'POISON' } } : { status: 'completed', value: i };
      expect(await handle.outcome).toMatchObject(expected);
    }
    expect(engine.deadLetters.list()).toHaveLength(2);
  });

  it('is told by what its thread died of', async () => {
    await using engine = await deadly({
      threads: { count: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } },
    });
    await engine.submit('survive', { fate: 'out of memory' }).outcome;
    await engine.submit('survive', { fate: 'unhandled rejection' }).outcome;
    const suggestions = engine.deadLetters.list().map(({ suggestion }) => suggestion);
    expect(suggestions[1]).toContain('maxOldGenerationSizeMb');
    expect(suggestions[0]).toContain('an error escaped the handler');
  });

  it('with an input that was moved to the thread cannot be run again, and the letter says so', async () => {
    await using engine = await engineOf([onThreads('holdBytes')], { poison: { kills: 1 } });
    const buffer = new ArrayBuffer(8);
    const flag = new Int32Array(new SharedArrayBuffer(4)).fill(1);
    const handle = engine.submit('holdBytes', { buffer, flag, dies: true }, { transfer: [buffer] });
    expect(await handle.outcome).toMatchObject({ error: { code: 'POISON' } });
    const [letter] = engine.deadLetters.list();
    expect(letter!.inputState).toBe('moved');
    expect(await engine.deadLetters.get(letter!.id)).toMatchObject({ input: undefined });
    expect(await engine.deadLetters.redrive(letter!.id)).toMatchObject({
      skipped: [{ id: letter!.id, why: expect.stringContaining('was moved') }],
    });
  });
});

describe('a task that kills fewer threads than that', () => {
  it('fails as WORKER_LOST and is no dead letter', async () => {
    await using engine = await deadly({ poison: { kills: 2 } });
    expect(await engine.submit('survive', { fate: 'exit' }).outcome).toMatchObject({
      error: { code: 'WORKER_LOST' },
    });
    expect(engine.deadLetters.list()).toEqual([]);
  });

  it('fails as a letter all the same if all failures are kept', async () => {
    await using engine = await deadly({ poison: { kills: 2 }, deadLetters: { on: 'failed' } });
    await engine.submit('survive', { fate: 'exit' }).outcome;
    await engine.submit('survive', { fate: 'throw' }).outcome;
    expect(engine.deadLetters.list()).toMatchObject([
      { code: 'HANDLER_FAILED', kills: 0, suggestion: expect.stringContaining('what the handler of agent') },
      { code: 'WORKER_LOST', kills: 1, suggestion: expect.stringContaining('process.exit()') },
    ]);
  });
});

describe('what did not fail', () => {
  it('is no dead letter: completed, cancelled, shed, or cut short by the engine', async () => {
    const engine = await engineOf([ioAgent('io', { run: () => new Promise(() => {}), limit: 1 })], {
      admission: { policy: 'fixed', capacity: 2, threshold: 1 },
      deadLetters: { on: 'failed' },
      closeTimeoutMs: 1,
    });
    const handles = [1, 2, 3].map((n) => engine.submit('io', n));
    handles[0]!.cancel();
    await engine.close();
    expect(await Promise.all(handles.map(async (handle) => (await handle.outcome).status))).toEqual([
      ...['cancelled', 'cancelled', 'rejected'],
    ]);
    expect(engine.deadLetters.list()).toEqual([]);
  });
});
