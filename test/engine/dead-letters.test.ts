import { describe, expect, it, vi } from 'vitest';
import { type Engine, type EngineOptions, ioAgent } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Fails while it is told to, and remembers what it was given. */
function fickle(name = 'fickle', capabilities: readonly string[] = []) {
  const state = { fails: true, seen: [] as unknown[] };
  const agent = ioAgent(name, {
    capabilities: [...capabilities],
    run: async (input: unknown) => {
      state.seen.push(input);
      if (state.fails) throw new RangeError('not today');
      return input;
    },
  });
  return { agent, state };
}

async function withFailures(count: number, options: Omit<EngineOptions, 'agents'> = {}) {
  const { agent, state } = fickle();
  const engine = await engineOf([agent], { deadLetters: { on: 'failed' }, ...options });
  await failAll(engine, count);
  return { engine, state };
}

async function failAll(engine: Engine, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await engine.submit('fickle', i).outcome;
}

describe('the list of dead letters', () => {
  it('has the newest first, as many as are asked for, 100 unless told otherwise', async () => {
    const { engine } = await withFailures(120);
    await using _ = engine;
    const all = engine.deadLetters.list({ limit: 1_000 });
    expect(all).toHaveLength(120);
    expect(engine.deadLetters.list()).toEqual(all.slice(0, 100));
    expect(engine.deadLetters.list({ limit: 2 })).toEqual(all.slice(0, 2));
    expect(await engine.deadLetters.get(all[0]!.id)).toMatchObject({ input: 119 });
    expect(new Set(all.map(({ id }) => id)).size).toBe(120);
  });

  it('drops the oldest beyond its limit, and counts them', async () => {
    const { engine } = await withFailures(12, { deadLetters: { on: 'failed', limit: 5 } });
    await using _ = engine;
    const inputs = await Promise.all(
      engine.deadLetters.list().map(async ({ id }) => (await engine.deadLetters.get(id))!.input),
    );
    expect(inputs).toEqual([11, 10, 9, 8, 7]);
    expect(engine.stats().deadLetters).toMatchObject({ count: 5, added: 12, dropped: 7 });
  });

  it('finds by agent, capability, tenant, tag and code, all at once', async () => {
    const { agent } = fickle('fickle', ['work']);
    await using engine = await engineOf([agent, fickle('other').agent], { deadLetters: { on: 'failed' } });
    await engine.submit('fickle', 1, { tenant: 'acme', tags: ['x'] }).outcome;
    await engine.submit({ capability: 'work' }, 2, { tags: ['x', 'y'] }).outcome;
    await engine.submit('other', 3, { tenant: 'acme' }).outcome;
    const inputs = async (filter: object) =>
      Promise.all(
        engine.deadLetters.list(filter).map(async ({ id }) => (await engine.deadLetters.get(id))!.input),
      );
    expect(await inputs({ agent: 'fickle' })).toEqual([2, 1]);
    expect(await inputs({ capability: 'work' })).toEqual([2]);
    expect(await inputs({ tenant: 'acme' })).toEqual([3, 1]);
    expect(await inputs({ tag: 'x' })).toEqual([2, 1]);
    expect(await inputs({ tag: 'x', tenant: 'acme' })).toEqual([1]);
    expect(await inputs({ code: 'TIMEOUT' })).toEqual([]);
  });

  it('keeps what waited for an agent that was removed', async () => {
    const never = ioAgent('never', { run: () => new Promise(() => {}), limit: 1 });
    await using engine = await engineOf([never], { deadLetters: { on: 'failed' }, closeTimeoutMs: 1 });
    engine.submit('never', 1);
    const waits = engine.submit('never', 2);
    await nextTurn();
    engine.remove('never');
    expect(await waits.outcome).toMatchObject({ error: { code: 'AGENT_REMOVED' } });
    const [letter] = engine.deadLetters.list();
    expect(letter).toMatchObject({ agent: null, attempts: [], target: 'never' });
    expect(letter!.suggestion).toContain('register an agent for it');
  });

  it('takes a listener that throws, and loses nothing by it', async () => {
    const { agent } = fickle();
    await using engine = await engineOf([agent], { deadLetters: { on: 'failed' } });
    const errors: unknown[] = [];
    engine.on('listenerError', ({ event }) => errors.push(event));
    engine.on('deadLetter', () => {
      throw new Error('in a listener');
    });
    expect(await engine.submit('fickle', 1).outcome).toMatchObject({ status: 'failed' });
    expect(engine.deadLetters.list()).toHaveLength(1);
    expect(errors).toEqual(['deadLetter']);
  });
});

describe('redriving', () => {
  it('runs tasks again with their inputs, oldest first, and removes what has completed', async () => {
    const { engine, state } = await withFailures(300);
    await using _ = engine;
    state.fails = false;
    state.seen = [];
    expect(await engine.deadLetters.redrive({})).toEqual({ completed: 300, failed: 0, skipped: [] });
    expect(state.seen).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(engine.stats().deadLetters).toMatchObject({ count: 0, redriving: 0, redriven: 300 });
  });

  it('keeps the letter of a task that fails again, with the same id, and counts it', async () => {
    const { engine } = await withFailures(2);
    await using _ = engine;
    const [second, first] = engine.deadLetters.list();
    expect(await engine.deadLetters.redrive(first!.id)).toEqual({ completed: 0, failed: 1, skipped: [] });
    const again = engine.deadLetters.list();
    expect(again.map(({ id }) => id)).toEqual([first!.id, second!.id]);
    expect(again[0]).toMatchObject({ redrives: 1, code: 'HANDLER_FAILED' });
    expect(again[0]!.taskId).not.toBe(first!.taskId);
    expect(engine.stats().deadLetters).toMatchObject({ count: 2, added: 2, redriven: 0 });
  });

  it('gives the task what it was submitted with: priority, tenant, workflow, tags, and the input before any schema', async () => {
    const state = { fails: true };
    const gate = deferred();
    const agent = ioAgent('doubles', {
      capabilities: ['math'],
      input: {
        '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: (value as number) * 2 }) },
      },
      run: async (input: number, ctx) => {
        await ctx.usage({ inputTokens: 1 });
        if (state.fails) throw new Error('not today');
        await gate.promise;
        return input;
      },
    });
    await using engine = await engineOf([agent], { deadLetters: { on: 'failed' } });
    const asked = { tenant: 'acme', workflow: 'nightly', tags: ['x'], priority: 'high' } as const;
    await engine.submit({ capability: 'math' }, 21, asked).outcome;
    const [letter] = engine.deadLetters.list();
    expect(await engine.deadLetters.get(letter!.id)).toMatchObject({
      input: 21,
      workflow: 'nightly',
      target: { capability: 'math' },
    });
    state.fails = false;
    const redriven = engine.deadLetters.redrive({ tenant: 'acme' });
    const seen: unknown[] = [];
    await vi.waitFor(() => {
      engine.cancel({
        where: ({ tenant, tags, priority, input }) => {
          seen.push({ tenant, tags, priority, input });
          return false;
        },
      });
      expect(seen.length).toBeGreaterThan(0);
    });
    expect(seen[0]).toEqual({ tenant: 'acme', tags: ['x'], priority: 10, input: expect.any(Number) });
    gate.resolve();
    expect(await redriven).toMatchObject({ completed: 1 });
    // Once when it failed, and once when it was run again.
    expect(engine.stats().cost.byWorkflow.nightly).toMatchObject({ inputTokens: 2 });
  });

  it('skips a letter whose task is on its way already, and lets a purge have it', async () => {
    const gate = deferred();
    let fails = true;
    const agent = ioAgent('held', {
      run: async () => {
        if (fails) throw new Error('not today');
        await gate.promise;
      },
    });
    await using engine = await engineOf([agent], { deadLetters: { on: 'failed' } });
    await engine.submit('held', 1).outcome;
    fails = false;
    const [letter] = engine.deadLetters.list();
    const first = engine.deadLetters.redrive({});
    await vi.waitFor(() => expect(engine.stats().tasks.running).toBe(1));
    expect(engine.stats().deadLetters.redriving).toBe(1);
    expect(await engine.deadLetters.redrive(letter!.id)).toEqual({
      ...{ completed: 0, failed: 0, skipped: [{ id: letter!.id, why: 'its task is on its way already' }] },
    });
    expect(engine.deadLetters.purge(letter!.id)).toBe(1);
    gate.resolve();
    expect(await first).toMatchObject({ completed: 1 });
    expect(engine.deadLetters.list()).toEqual([]);
  });

  it('waits for room instead of being shed', async () => {
    const { engine, state } = await withFailures(50, {
      admission: { policy: 'fixed', capacity: 2, threshold: 1 },
    });
    await using _ = engine;
    state.fails = false;
    expect(await engine.deadLetters.redrive({})).toEqual({ completed: 50, failed: 0, skipped: [] });
    expect(engine.stats().tasks.rejected).toBe(0);
  });

  it('says why it cannot run a letter, and goes on with the others', async () => {
    const { agent, state } = fickle();
    const gone = fickle('gone');
    await using engine = await engineOf([agent, gone.agent], { deadLetters: { on: 'failed' } });
    await engine.submit('gone', 1).outcome;
    await engine.submit('fickle', 2).outcome;
    const [, orphan] = engine.deadLetters.list();
    engine.remove('gone');
    state.fails = false;
    expect(await engine.deadLetters.redrive({})).toEqual({
      completed: 1,
      failed: 0,
      skipped: [{ id: orphan!.id, why: expect.stringContaining('no agent "gone" is registered') }],
    });
    expect(await engine.deadLetters.redrive('d-nonsense')).toMatchObject({
      skipped: [{ id: 'd-nonsense', why: 'there is no letter of that id' }],
    });
  });

  it('stops when its signal aborts; what runs then goes on', async () => {
    const { engine, state } = await withFailures(5);
    await using _ = engine;
    state.fails = false;
    const result = await engine.deadLetters.redrive({}, { signal: AbortSignal.abort() });
    expect(result.completed).toBe(0);
    expect(result.skipped.map(({ why }) => why)).toEqual(Array(5).fill('it was told to stop'));
    expect(engine.deadLetters.list()).toHaveLength(5);
  });
});

describe('purging', () => {
  it('removes one, those of a filter, or all', async () => {
    const { engine } = await withFailures(4);
    await using _ = engine;
    const [newest] = engine.deadLetters.list();
    expect(engine.deadLetters.purge(newest!.id)).toBe(1);
    expect(engine.deadLetters.purge(newest!.id)).toBe(0);
    expect(engine.deadLetters.purge({ agent: 'other' })).toBe(0);
    expect(engine.deadLetters.purge({})).toBe(3);
    expect(engine.deadLetters.list()).toEqual([]);
  });
});

describe('wrong calls', () => {
  it.each<[EngineOptions, string]>([
    [{ deadLetters: { limit: 0 } }, 'deadLetters.limit: expected a whole number from 1 to 1000000, got 0'],
    [{ deadLetters: { ttlMs: -1 } }, 'deadLetters.ttlMs: expected a number of milliseconds above 0'],
    [{ deadLetters: { on: 'all' as never } }, "deadLetters.on: expected 'poison' or 'failed', got 'all'"],
    [{ deadLetters: { folder: '' } }, "deadLetters.folder: expected the path of a folder, got ''"],
    [{ poison: { kills: 0 } }, 'poison.kills: expected a whole number from 1 to 1000, got 0'],
    [{ poison: { kils: 1 } as never }, 'poison.kils: unknown option; did you mean "kills"?'],
  ])('of createEngine with %j are refused', async (options, message) => {
    await expect(engineOf([], options as object)).rejects.toThrow(message);
  });

  it('of the list are refused, and change nothing', async () => {
    const { engine } = await withFailures(1);
    const { deadLetters } = engine;
    expect(() => deadLetters.list({ limit: 0 })).toThrow('list.limit: expected a whole number');
    expect(() => deadLetters.list({ agnt: 'a' } as never)).toThrow('did you mean "agent"?');
    expect(() => deadLetters.purge(undefined as never)).toThrow('purge: expected');
    expect(() => deadLetters.purge('')).toThrow('purge.id: expected a text');
    await expect(deadLetters.get(7 as never)).rejects.toThrow('get.id: expected a text');
    await expect(deadLetters.redrive({ tag: 1 } as never)).rejects.toThrow('redrive.tag: expected a text');
    await expect(deadLetters.redrive({}, { signal: 1 } as never)).rejects.toThrow('expected an AbortSignal');
    await engine.close();
    await expect(deadLetters.redrive({})).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    expect(() => deadLetters.purge({})).toThrow('the engine is closed');
    expect(deadLetters.list()).toHaveLength(1);
  });
});
