import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Engine } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { Flag, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 5_000 });
let engine: Engine;
beforeAll(async () => {
  engine = await engineOf(['echo', 'sumAndReturn', 'giveBuffer', 'bytes', 'hold', 'transferNonsense'].map((name) => onThreads(name)));
  // What batches are sized by is known from here on.
  await Promise.all(Array.from({ length: 200 }, () => engine.run('echo', { shared: { n: 0 } })));
});
afterAll(() => engine.close());

/** A later look of the engine at its threads. */
const nextLook = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('what is transferred', () => {
  const bufferOf = (size: number) => new Uint8Array(size).fill(1).buffer;

  it('moves to the thread and back', async () => {
    const buffer = bufferOf(1_000);
    const result = (await engine.run('sumAndReturn', { buffer }, { transfer: [buffer] })) as {
      sum: number;
      buffer: ArrayBuffer;
    };
    expect(buffer.byteLength).toBe(0);
    expect(result.sum).toBe(1_000);
    expect(result.buffer.byteLength).toBe(1_000);
  });

  it('is gone on the thread once it was given', async () => {
    await engine.run('giveBuffer', 10);
    expect(await engine.run('giveBuffer', 10)).toMatchObject({ before: 0, buffer: new ArrayBuffer(10) });
  });

  it('is copied without the option', async () => {
    const buffer = bufferOf(10);
    expect(await engine.run('bytes', { buffer })).toBe(10);
    expect(buffer.byteLength).toBe(10);
  });

  it('fails the task, and only that one, if it cannot be transferred', async () => {
    const gone = bufferOf(1);
    structuredClone(gone, { transfer: [gone] });
    const wrong: unknown[][] = [[gone], [{}], [5], [bufferOf(1), 'x']];
    for (const transfer of wrong) {
      const outcome = await engine.submit('bytes', { buffer: gone }, { transfer: transfer as never }).outcome;
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'INPUT_NOT_CLONEABLE' } });
    }
    expect(await engine.submit('transferNonsense', 1).outcome).toMatchObject({
      status: 'failed',
      error: { code: 'RESULT_NOT_CLONEABLE' },
    });
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it('arrives even if its task had to wait behind a long one', { timeout: 10_000 }, async () => {
    const flag = new Flag();
    const long = engine.submit('hold', { flag: flag.flag });
    await running(long);
    const buffers = Array.from({ length: 4 }, () => bufferOf(100));
    const handles = buffers.map((buffer) => engine.submit('bytes', { buffer }, { transfer: [buffer] }));
    // The engine looks at busy threads every 20 ms, and takes back what it sent ahead of a task that runs too long.
    for (let looks = 0; looks < 10; looks++) await nextLook();
    flag.raise();
    await long.outcome;
    for (const handle of handles)
      expect(await handle.outcome).toMatchObject({ status: 'completed', value: 100 });
  });
});
