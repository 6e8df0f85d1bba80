import { createLoadTable } from '../../src/load-table/layout.ts';
import { emptyPicture, LoadTableReader } from '../../src/load-table/reader.ts';
import { SlotWriter } from '../../src/load-table/writer.ts';

export const SHAPE = { slots: 3, cellsPerSlot: 2, batchTasks: 8 } as const;

/** A table with one thread in it, number 7, born at 100 ms. */
export function withThread() {
  const table = createLoadTable(SHAPE);
  const reader = new LoadTableReader(table);
  const writer = SlotWriter.claim(table, 7, 100)!;
  return { table, reader, writer, read: () => reader.read(writer.slot, emptyPicture(0)) };
}
