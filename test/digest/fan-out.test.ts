import { expect, test } from 'vitest';
import { fanOut } from '../../src/digest/fan-out.ts';

/** A source that counts what is asked of it. */
function counted(items: number) {
  const seen = { pulled: 0, closed: 0 };
  const source = {
    next: async () => {
      if (seen.pulled === items) return { done: true as const, value: undefined };
      seen.pulled += 1;
      return { done: false as const, value: seen.pulled };
    },
    return: async () => {
      seen.closed += 1;
      return { done: true as const, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { seen, source };
}

async function drain<T>(reader: AsyncIterable<T>): Promise<T[]> {
  const all = [];
  for await (const item of reader) all.push(item);
  return all;
}

const turns = async (count = 20) => {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('every reader gets every item, and the source is asked once for each', async () => {
  const { seen, source } = counted(50);
  const all = await Promise.all(fanOut(source, 3, 8).map(drain));
  const expected = Array.from({ length: 50 }, (_, i) => i + 1);
  expect(all).toEqual([expected, expected, expected]);
  expect(seen.pulled).toBe(50);
});

test('a reader that is far ahead waits for the slowest', async () => {
  const { seen, source } = counted(100);
  const [fast, slow] = fanOut(source, 2, 5);
  const draining = drain(fast!);
  await turns();
  expect(seen.pulled).toBe(5);
  await slow!.next();
  await turns();
  expect(seen.pulled).toBe(6);
  expect(await drain(slow!)).toHaveLength(99);
  expect(await draining).toHaveLength(100);
});

test('a reader that leaves holds up nobody', async () => {
  const { source } = counted(20);
  const [fast, slow] = fanOut(source, 2, 3);
  const draining = drain(fast!);
  await turns();
  await slow!.return!();
  expect(await draining).toHaveLength(20);
});

test('a reader may leave while it waits', async () => {
  const { seen, source } = counted(20);
  const [fast, slow] = fanOut(source, 2, 1);
  await fast!.next();
  const waiting = fast!.next();
  await fast!.return!();
  expect(await waiting).toEqual({ done: true, value: undefined });
  await slow!.return!();
  expect(seen.closed).toBe(1);
});

test('the source is closed when the last reader has left, even one that never read', async () => {
  const { seen, source } = counted(20);
  const readers = fanOut(source, 3, 4);
  await readers[0]!.next();
  await readers[0]!.return!();
  await readers[1]!.return!();
  expect(seen.closed).toBe(0);
  await readers[2]!.return!();
  await readers[2]!.return!();
  expect(seen.closed).toBe(1);
});

test('an error of the source reaches every reader after the items before it', async () => {
  async function* failing() {
    yield 1;
    throw new Error('disk gone');
  }
  const readers = fanOut(failing(), 2, 4);
  for (const reader of readers) {
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    await expect(reader.next()).rejects.toThrow('disk gone');
  }
});
