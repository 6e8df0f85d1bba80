import { type LoadTable, SLOT_STATE } from '../../../src/load-table/layout.ts';
import type { SlotPicture } from '../../../src/load-table/reader.ts';
import type { SlotWriter } from '../../../src/load-table/writer.ts';

/**
 * A course of items in which everything that a slot shows follows from one number, how many items have ended. So any
 * picture that mixes two moments gives itself away. Item k takes 1 to 7 units, and every fifth fails. A unit is a
 * binary fraction, that sums are exact, and one that fills both halves of a Float64.
 */
const UNIT_MS = 1_000_003 / 1024;
const CYCLE = 7;

export function itemTookMs(item: number): number {
  return (1 + (item % CYCLE)) * UNIT_MS;
}

export function itemSucceeds(item: number): boolean {
  return item % 5 !== 0;
}

/** When item `item` starts, and the one before it ends. */
export function boundaryMs(item: number): number {
  const rest = item % CYCLE;
  return (Math.floor(item / CYCLE) * 28 + (rest * (rest + 1)) / 2) * UNIT_MS;
}

/** Runs items from `from` on, which begins a batch, as far as the end of `batches` batches. Returns the next item. */
export function runBatches(writer: SlotWriter, table: LoadTable, from: number, batches: number): number {
  const { batchTasks, cellsPerSlot } = table;
  let item = from;
  for (let run = 0; run < batches; run++) {
    const batch = item / batchTasks;
    const cell = batch % cellsPerSlot;
    writer.start(cell, batch, 0, boundaryMs(item));
    for (let index = 0; index < batchTasks - 1; index++, item++) {
      writer.next(cell, index, itemSucceeds(item), boundaryMs(item + 1), index + 1);
    }
    writer.finish(cell, batchTasks - 1, itemSucceeds(item), boundaryMs(item + 1));
    item++;
    writer.publishMemory(item, 2 * item);
  }
  return item;
}

/** What a thread on this course must show, given how many items have ended and whether one is running. */
export function expectedPicture(table: LoadTable, seen: SlotPicture): SlotPicture {
  const { batchTasks, cellsPerSlot } = table;
  const ended = seen.completed + seen.failed;
  const running = ended % batchTasks !== 0 || seen.cursor >= 0;
  const batch = Math.floor((running ? ended : ended - 1) / batchTasks);
  const failed = Math.ceil(ended / 5);
  return {
    slot: seen.slot,
    threadId: seen.threadId,
    state: SLOT_STATE.busy,
    cell: batch % cellsPerSlot,
    batchSeq: batch,
    cursor: running ? ended % batchTasks : -1,
    started: ended + (running ? 1 : 0),
    completed: ended - failed,
    failed,
    busyMs: boundaryMs(ended),
    startedAtMs: boundaryMs(ended),
    lastProgressAtMs: boundaryMs(ended),
    heapUsedBytes: seen.heapUsedBytes,
    externalBytes: seen.externalBytes,
    heartbeatAtMs: 0,
    bornAtMs: 0,
  };
}
