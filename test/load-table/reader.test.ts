import { describe, expect, test } from 'vitest';
import { createLoadTable, SLOT_STATE } from '../../src/load-table/layout.ts';
import { emptyPicture, LoadTableReader, type SlotPicture } from '../../src/load-table/reader.ts';
import { SlotWriter } from '../../src/load-table/writer.ts';
import { SHAPE, withThread } from './one-thread.ts';

describe('batch cells', () => {
  test('hand out what was opened, and keep cells apart', () => {
    const { reader, writer } = withThread();
    reader.openCell(0, 0, 2);
    reader.openCell(0, 1, 8);
    expect([writer.take(0), writer.take(0), writer.take(0)]).toEqual([0, 1, -1]);
    expect([writer.take(1), reader.startedItems(0, 1)]).toEqual([0, 1]);
    expect(reader.takeBack(0, 1)).toBe(1);
    expect([writer.take(1), reader.startedItems(0, 1), reader.takeBack(0, 1)]).toEqual([-1, 1, 1]);
  });

  test.each([-1, 9, 0.5, Number.NaN])('refuse a batch of %s items', (count) => {
    const { reader } = withThread();
    expect(() => reader.openCell(0, 0, count)).toThrow(
      `count: expected an integer from 0 to 8, got ${count}`,
    );
  });

  test('pass on the last request to cancel, for its item alone, and forget it when opened again', () => {
    const { reader, writer } = withThread();
    reader.openCell(0, 1, 8);
    expect(writer.cancelRequested(1, 0)).toBe(false);
    reader.requestCancel(0, 1, 0);
    expect([
      writer.cancelRequested(1, 0),
      writer.cancelRequested(1, 1),
      writer.cancelRequested(0, 0),
    ]).toEqual([true, false, false]);
    reader.requestCancel(0, 1, 7);
    expect([writer.cancelRequested(1, 0), writer.cancelRequested(1, 7)]).toEqual([false, true]);
    reader.openCell(0, 1, 8);
    expect(writer.cancelRequested(1, 7)).toBe(false);
  });
});

describe('reading all slots', () => {
  test('fills in the owned ones in order and leaves the pictures behind them alone', () => {
    const table = createLoadTable(SHAPE);
    const reader = new LoadTableReader(table);
    const pictures = [emptyPicture(90), emptyPicture(91), emptyPicture(92)];
    expect(reader.readAll(pictures)).toBe(0);
    for (const threadId of [21, 22, 23]) SlotWriter.claim(table, threadId, threadId)!.idle(threadId);
    reader.release(1);
    expect(reader.readAll(pictures)).toBe(2);
    expect(pictures.map(({ slot, threadId }) => [slot, threadId])).toEqual([
      [0, 21],
      [2, 23],
      [92, 0],
    ]);
  });

  test('makes pictures only where there are too few', () => {
    const { table, reader } = withThread();
    SlotWriter.claim(table, 8, 0);
    const first = emptyPicture(0);
    const pictures = [first];
    expect(reader.readAll(pictures)).toBe(2);
    expect(pictures[0]).toBe(first);
    expect(pictures.map(({ threadId }) => threadId)).toEqual([7, 8]);
  });

  test('shows a slot that is claimed but has published nothing as starting', () => {
    const table = createLoadTable(SHAPE);
    new Int32Array(table.buffer)[0] = 9;
    const pictures: SlotPicture[] = [];
    expect(new LoadTableReader(table).readAll(pictures)).toBe(1);
    expect(pictures[0]).toEqual({ ...emptyPicture(0), threadId: 9, state: SLOT_STATE.starting });
  });
});

describe('releasing a slot', () => {
  test('wipes it for the next thread and leaves the others alone', () => {
    const { table, reader, writer, read } = withThread();
    const other = SlotWriter.claim(table, 8, 100)!;
    for (const { take, owner } of [
      { take: 5, owner: writer },
      { take: 3, owner: other },
    ]) {
      reader.openCell(owner.slot, 0, take);
      owner.start(0, 1, owner.take(0), 110);
      owner.finish(0, 0, true, 117);
      owner.publishMemory(1000, 2000);
      reader.requestCancel(owner.slot, 0, 1);
    }
    const untouched = reader.read(other.slot, emptyPicture(0));
    reader.release(writer.slot);
    expect(read()).toEqual(emptyPicture(writer.slot));
    expect(reader.latency(writer.slot).count).toBe(0);
    expect(reader.cell(writer.slot, 0).timeline[1]).toBe(0);
    expect(reader.read(other.slot, emptyPicture(0))).toEqual(untouched);
    expect(reader.latency(other.slot).count).toBe(1);
    expect(reader.takeBack(other.slot, 0)).toBe(1);

    const heir = SlotWriter.claim(table, 70, 500)!;
    expect(heir.slot).toBe(writer.slot);
    expect([heir.take(0), heir.cancelRequested(0, 1)]).toEqual([-1, false]);
    expect(read()).toMatchObject({ threadId: 70, state: SLOT_STATE.starting, started: 0, bornAtMs: 500 });
  });
});
