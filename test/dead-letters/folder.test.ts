import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type EngineOptions, ioAgent } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { temporaryFolder } from '../fixtures/folders.ts';

vi.setConfig({ testTimeout: 60_000 });

class Money {
  cents = 5;
}

/** An engine that keeps its failures in the folder; its agent fails until it is told not to. */
async function open(folder: string, letters: NonNullable<EngineOptions['deadLetters']> = {}) {
  const state = { fails: true };
  const errors: unknown[] = [];
  const agent = ioAgent('work', {
    run: async (input: unknown) => {
      if (state.fails) throw new Error('not today');
      return input;
    },
  });
  const engine = await engineOf([agent], { deadLetters: { on: 'failed', folder, ...letters } });
  engine.on('listenerError', ({ error }) => errors.push(error));
  const fail = async (...inputs: unknown[]) => {
    for (const input of inputs) await engine.submit('work', input).outcome;
  };
  const inputs = () =>
    Promise.all(engine.deadLetters.list().map(async ({ id }) => (await engine.deadLetters.get(id))!.input));
  return { engine, state, errors, fail, inputs, close: () => engine.close() };
}

describe('dead letters in a folder', () => {
  it('are there after a restart, as they were, with their inputs', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    const values = [1, { a: [null, 'ü'] }, new Map([[1n, new Date(3)]]), undefined, new Uint8Array([1, 2])];
    await first.fail(...values);
    const letters = first.engine.deadLetters.list();
    await first.close();

    const again = await open(folder);
    expect(again.engine.deadLetters.list()).toEqual(letters);
    expect(await again.inputs()).toEqual([...values].reverse());
    expect(again.engine.stats().deadLetters).toMatchObject({ count: 5, added: 0 });
    await again.fail('another');
    expect(new Set(again.engine.deadLetters.list().map(({ id }) => id)).size).toBe(6);
    await again.close();
    expect(again.errors).toEqual([]);
  });

  it('are gone for good once they were purged, or their tasks completed', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    await first.fail(1, 2, 3, 4);
    const [four, three] = first.engine.deadLetters.list();
    first.state.fails = false;
    expect(await first.engine.deadLetters.redrive(three!.id)).toMatchObject({ completed: 1 });
    first.engine.deadLetters.purge(four!.id);
    await first.close();
    const again = await open(folder);
    expect(await again.inputs()).toEqual([2, 1]);
    again.engine.deadLetters.purge({});
    await again.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stay one letter each when their tasks fail again', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    await first.fail('a', 'b');
    const ids = first.engine.deadLetters.list().map(({ id }) => id);
    expect(await first.engine.deadLetters.redrive({})).toMatchObject({ failed: 2 });
    await first.close();
    const again = await open(folder);
    const letters = again.engine.deadLetters.list();
    expect(letters.map(({ id }) => id)).toEqual(ids);
    expect(letters.map(({ redrives }) => redrives)).toEqual([1, 1]);
    await again.close();
  });

  it('whose tasks complete while the engine closes are gone, those that did not run stay', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    await first.fail(...Array.from({ length: 250 }, (_, i) => i));
    first.state.fails = false;
    const redriven = first.engine.deadLetters.redrive({});
    await vi.waitFor(() => expect(first.engine.stats().deadLetters.redriven).toBeGreaterThan(0), {
      interval: 1,
    });
    await first.close();
    const { completed, skipped } = await redriven;
    expect(completed + skipped.length).toBe(250);
    const again = await open(folder);
    expect(again.engine.deadLetters.list({ limit: 250 })).toHaveLength(skipped.length);
    expect([...first.errors, ...again.errors]).toEqual([]);
    await again.close();
  });

  it('are told without their input if it would not come back as it is', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    await first.fail(new Money(), { fn() {} }, 'plain');
    await first.close();
    const again = await open(folder);
    const letters = again.engine.deadLetters.list();
    expect(letters.map(({ inputState }) => inputState)).toEqual(['kept', 'not-exact', 'not-exact']);
    again.state.fails = false;
    expect(await again.engine.deadLetters.redrive({})).toMatchObject({
      completed: 1,
      skipped: [{ why: expect.stringContaining('could not be written down') }, {}],
    });
    expect(again.errors).toEqual([]);
    await again.close();
  });

  it('take no more room than they may: the oldest go, and what is too large goes without its input', async () => {
    const folder = temporaryFolder();
    const { engine, fail, inputs, errors, close } = await open(folder, { maxBytes: 40_000 });
    await fail(...Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(500)}`));
    const before = await inputs();
    expect(before[0]).toMatch(/^99 /);
    expect(before.length).toBeGreaterThan(10);
    expect(before.length).toBeLessThan(80);
    expect(engine.stats().deadLetters.dropped).toBe(100 - before.length);
    await fail('y'.repeat(39_000));
    const [letter] = engine.deadLetters.list();
    expect(letter!.inputState).toBe('too-large');
    expect(engine.deadLetters.list().length).toBeGreaterThan(10);
    expect(errors).toEqual([]);
    await close();
  });

  it('go when they are older than they may be, also while nobody is there', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    await first.fail(1, 2);
    const [newest] = first.engine.deadLetters.list();
    await first.close();
    vi.useFakeTimers({ toFake: ['Date'], now: newest!.failedAtMs + 59_999 });
    try {
      const again = await open(folder, { ttlMs: 60_000 });
      expect(again.engine.deadLetters.list().length).toBeGreaterThan(0);
      await again.fail(3);
      vi.setSystemTime(newest!.failedAtMs + 60_000);
      expect(await again.inputs()).toEqual([3]);
      expect(again.engine.stats().deadLetters.expired).toBeGreaterThan(0);
      await again.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('belong to one engine at a time', async () => {
    const folder = temporaryFolder();
    const { close } = await open(folder);
    await expect(open(folder)).rejects.toMatchObject({
      code: 'DEAD_LETTERS_UNUSABLE',
      message: expect.stringContaining('an engine of this process uses it'),
    });
    await close();
    await (await open(folder)).close();
  });

  it('are refused a folder that is a file, or has other files of that name', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(open(file)).rejects.toMatchObject({ code: 'DEAD_LETTERS_UNUSABLE' });
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'dead-letters-00000001.log'), 'something else');
    await expect(open(folder)).rejects.toMatchObject({
      code: 'DEAD_LETTERS_UNUSABLE',
      message: expect.stringContaining('is not a file of this version'),
    });
  });

  it('survive a last record that was cut off', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    await first.fail(1, 2);
    await first.close();
    const path = join(folder, 'dead-letters-00000001.log');
    truncateSync(path, readFileSync(path).length - 3);
    const again = await open(folder);
    expect(await again.inputs()).toEqual([1]);
    await again.close();
  });

  it('stay in memory, with a report, if they cannot be written', async () => {
    const folder = temporaryFolder();
    const { fail, inputs, errors, close } = await open(folder);
    rmSync(folder, { recursive: true });
    await fail(1, 2);
    expect(await inputs()).toEqual([2, 1]);
    expect(errors).toMatchObject([{ code: 'ENOENT' }, { code: 'ENOENT' }]);
    await close();
  });
});
