import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Engine } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });
let engine: Engine;
beforeAll(async () => {
  engine = await engineOf(
    ['echo', 'sumAndReturn', 'giveBuffer', 'bytes', 'transferNonsense'].map((name) => onThreads(name)),
  );
  // What batches are sized by is known from here on.
  await Promise.all(Array.from({ length: 200 }, () => engine.run('echo', { shared: { n: 0 } })));
});
afterAll(() => engine.close());

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

  it.each<[string, () => unknown]>([
    ['a number', () => 5],
    ['an object', () => ({})],
    ['a port that is closed over', () => new MessageChannel()],
  ])('fails the task, and only that one, if it cannot be transferred: %s', async (_name, make) => {
    const transfer = [bufferOf(1), make()];
    const outcomes = await Promise.all([
      engine.submit('echo', 1).outcome,
      engine.submit('echo', { n: 2 }, { transfer: transfer as never }).outcome,
      engine.submit('echo', 3).outcome,
    ]);
    expect(outcomes).toMatchObject([
      { status: 'completed', value: 1 },
      { status: 'failed', error: { code: 'INPUT_NOT_CLONEABLE' } },
      { status: 'completed', value: 3 },
    ]);
  });

  it('fails the task if the handler marks what cannot be transferred', async () => {
    expect(await engine.submit('transferNonsense', 1).outcome).toMatchObject({
      status: 'failed',
      error: { code: 'RESULT_NOT_CLONEABLE' },
    });
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it('arrives even if its task had to wait behind a long one', async () => {
    const flag = new Flag();
    // So small a quantum makes the engine take back what it sent ahead whenever it looks.
    await using own = await engineOf([onThreads('holdBytes')], { batch: { quantumMs: 0.001 } });
    const long = own.submit('holdBytes', { flag: flag.flag });
    await running(long);
    const buffers = Array.from({ length: 4 }, () => bufferOf(100));
    const handles = [];
    for (const buffer of buffers) {
      handles.push(own.submit('holdBytes', { buffer }, { transfer: [buffer] }));
      await nextTurn();
    }
    flag.raise();
    await long.outcome;
    for (const handle of handles)
      expect(await handle.outcome).toMatchObject({ status: 'completed', value: 100 });
  });

  it('never arrives empty after the thread that it was sent to has died', async () => {
    await using own = await engineOf([onThreads('holdBytes'), onThreads('survive')]);
    const first = own.submit('survive', { fate: 'exit' });
    const buffer = bufferOf(100);
    const second = own.submit('holdBytes', { buffer }, { transfer: [buffer] });
    expect(await first.outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    const outcome = await second.outcome;
    if (outcome.status === 'completed') expect(outcome.value).toBe(100);
    else expect(outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
  });

  it('never arrives empty after the one before it on its thread has taken the thread down', async () => {
    const flag = new Flag();
    await using own = await engineOf([onThreads('holdBytes')]);
    const long = own.submit('holdBytes', { flag: flag.flag, dies: true });
    await running(long);
    const buffers = Array.from({ length: 3 }, () => bufferOf(100));
    const handles = buffers.map((buffer) => own.submit('holdBytes', { buffer }, { transfer: [buffer] }));
    await nextTurn();
    flag.raise();
    expect(await long.outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    for (const handle of handles) {
      const outcome = await handle.outcome;
      if (outcome.status === 'completed') expect(outcome.value).toBe(100);
      else expect(outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    }
  });
});
