import { type LoadTable, layoutOf } from './layout.ts';

/** The parts of one cell that are arrays. Layout, writers and ordering: layout.ts. */
export interface CellViews {
  /** [0] is the start of item 0 in ms, [i + 1] the end of item i. */
  readonly timeline: Float64Array;
  /** [2 i] is the agent's id of item i, [2 i + 1] its task number. */
  readonly heads: Float64Array;
  /** Codes of the payloads. */
  readonly inbox: Int32Array;
  /** Codes of the results. */
  readonly outbox: Int32Array;
}

/** Views on the cells of a slot. */
export function viewCells(table: LoadTable, slot: number): readonly CellViews[] {
  const { buffer, batchTasks, cellsPerSlot } = table;
  const layout = layoutOf(table);
  const { slotBytes, cellsAt, cellBytes, timelineAt, headsAt, inboxAt, outboxAt, mailboxCodes } = layout;
  return Array.from({ length: cellsPerSlot }, (_, cell) => {
    const at = slot * slotBytes + cellsAt + cell * cellBytes;
    return {
      timeline: new Float64Array(buffer, at + timelineAt, batchTasks + 1),
      heads: new Float64Array(buffer, at + headsAt, 2 * batchTasks),
      inbox: new Int32Array(buffer, at + inboxAt, mailboxCodes),
      outbox: new Int32Array(buffer, at + outboxAt, mailboxCodes),
    };
  });
}
