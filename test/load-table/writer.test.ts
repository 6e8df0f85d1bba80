import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createLoadTable,
  HEADER_NUMBER,
  layoutOf,
  PICTURE_COPIES,
  PICTURE_NUMBERS,
  SLOT_STATE,
} from '../../src/load-table/layout.ts';
import { emptyPicture, type SlotPicture } from '../../src/load-table/reader.ts';
import { SlotWriter } from '../../src/load-table/writer.ts';
import { SHAPE, withThread } from './one-thread.ts';

describe('claiming a slot', () => {
  test('gives every thread a slot of its own, and none once all are taken', () => {
    const table = createLoadTable(SHAPE);
    const slots = [11, 12, 13].map((threadId) => SlotWriter.claim(table, threadId, 0)?.slot);
    expect(slots).toEqual([0, 1, 2]);
    expect(SlotWriter.claim(table, 14, 0)).toBeUndefined();
  });

  test('shows the thread as starting', () => {
    expect(withThread().read()).toEqual({
      ...emptyPicture(0),
      threadId: 7,
      state: SLOT_STATE.starting,
      lastProgressAtMs: 100,
      bornAtMs: 100,
    });
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses the thread id %s', (threadId) => {
    expect(() => SlotWriter.claim(createLoadTable(SHAPE), threadId, 0)).toThrow(
      `threadId: expected a positive integer, got ${threadId}`,
    );
  });
});

describe('a slot', () => {
  test('shows each step of a batch', () => {
    const { writer, read } = withThread();
    const born = read();
    writer.idle(101);
    const idle: SlotPicture = { ...born, state: SLOT_STATE.idle, lastProgressAtMs: 101 };
    expect(read()).toEqual(idle);

    writer.start(1, 42, 0, 110);
    const running: SlotPicture = {
      ...idle,
      state: SLOT_STATE.busy,
      cell: 1,
      batchSeq: 42,
      cursor: 0,
      started: 1,
      startedAtMs: 110,
    };
    expect(read()).toEqual(running);

    writer.next(1, 0, true, 113, 1);
    const second: SlotPicture = {
      ...running,
      cursor: 1,
      started: 2,
      completed: 1,
      busyMs: 3,
      startedAtMs: 113,
      lastProgressAtMs: 113,
    };
    expect(read()).toEqual(second);

    writer.finish(1, 1, false, 120);
    const ended: SlotPicture = {
      ...second,
      cursor: -1,
      failed: 1,
      busyMs: 10,
      startedAtMs: 120,
      lastProgressAtMs: 120,
    };
    expect(read()).toEqual(ended);

    writer.idle(121);
    expect(read()).toEqual({ ...ended, state: SLOT_STATE.idle, cell: -1, lastProgressAtMs: 121 });
  });

  test('keeps what runs when only its state changes', () => {
    const { writer, read } = withThread();
    writer.start(0, 5, 3, 110);
    const running = read();
    writer.setState(SLOT_STATE.draining);
    expect(read()).toEqual({ ...running, state: SLOT_STATE.draining });
  });

  test('shows when its event loop last turned, beside whatever runs', () => {
    const { writer, read } = withThread();
    writer.start(0, 5, 3, 110);
    const running = read();
    writer.beat(125);
    expect(read()).toEqual({ ...running, heartbeatAtMs: 125 });
  });

  test('shows the heap in use, and what is held outside of it', () => {
    const { writer, read } = withThread();
    writer.publishMemory(6_000_000_000, 7_000_000_000);
    expect(read()).toMatchObject({ heapUsedBytes: 6_000_000_000, externalBytes: 7_000_000_000 });
  });

  test('counts the same whether an item is finished and started in one step or in two', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 50 })), { minLength: 1 }),
        (items) => {
          const one = withThread();
          const two = withThread();
          let nowMs = 200;
          one.writer.start(0, 1, 0, nowMs);
          two.writer.start(0, 1, 0, nowMs);
          for (const [i, [ok, tookMs]] of items.entries()) {
            nowMs += tookMs;
            one.writer.next(0, i % 8, ok, nowMs, (i + 1) % 8);
            two.writer.finish(0, i % 8, ok, nowMs);
            two.writer.start(0, 1, (i + 1) % 8, nowMs);
          }
          expect(one.read()).toEqual(two.read());
          expect(one.read().completed).toBe(items.filter(([ok]) => ok).length);
          expect(one.read().failed).toBe(items.filter(([ok]) => !ok).length);
          expect(one.read().busyMs).toBe(items.reduce((sum, [, tookMs]) => sum + tookMs, 0));
          const [ones, twos] = [one, two].map(
            ({ reader, writer }) => reader.latency(writer.slot).copy().cells,
          );
          expect(Buffer.from(ones!.buffer).equals(Buffer.from(twos!.buffer))).toBe(true);
          expect(one.reader.latency(0).count).toBe(items.length);
        },
      ),
    );
  });

  test('writes the boundary times of a batch', () => {
    const { reader, writer } = withThread();
    writer.start(1, 1, 0, 110);
    writer.next(1, 0, true, 111.5, 1);
    writer.next(1, 1, true, 114, 2);
    writer.finish(1, 2, true, 114.25);
    expect([...reader.cell(0, 1).timeline.subarray(0, 4)]).toEqual([110, 111.5, 114, 114.25]);
    expect(reader.cell(0, 1).timeline).toHaveLength(SHAPE.batchTasks + 1);
    expect([...reader.cell(0, 0).timeline].every((timeMs) => timeMs === 0)).toBe(true);
  });

  test('shows what was last published, whatever stands in the copy that is being filled in', () => {
    const { table, reader, writer, read } = withThread();
    for (let publication = 0; publication < 20; publication++) {
      writer.next(0, 0, true, 200 + publication, 1);
      const before = read();
      // A thread that dies while it fills in a picture leaves any part of it in the copy after the published one.
      const pictures = new Float64Array(
        table.buffer,
        writer.slot * layoutOf(table).slotBytes + 8 * HEADER_NUMBER.pictures,
        PICTURE_COPIES * PICTURE_NUMBERS,
      );
      const published = 2 + publication;
      const filling = ((published + 1) % PICTURE_COPIES) * PICTURE_NUMBERS;
      pictures.fill(Number.NaN, filling, filling + PICTURE_NUMBERS);
      expect(read()).toEqual(before);
      const all: SlotPicture[] = [];
      reader.readAll(all);
      expect(all).toEqual([before]);
    }
  });

  test('survives the wrap of its publication number', () => {
    const { table, writer, read } = withThread();
    const words = new Int32Array(table.buffer);
    words[1] = 2 ** 31 - PICTURE_COPIES;
    const pictures = new Float64Array(
      table.buffer,
      8 * HEADER_NUMBER.pictures,
      PICTURE_COPIES * PICTURE_NUMBERS,
    );
    pictures.copyWithin(0, PICTURE_NUMBERS, 2 * PICTURE_NUMBERS);
    writer.start(0, 1, 0, 100);
    for (let i = 0; i < 20; i++) {
      writer.next(0, i % 8, true, 101 + i, (i + 1) % 8);
      expect(read().completed).toBe(i + 1);
    }
    expect(words[1]).toBeLessThan(0);
  });
});
