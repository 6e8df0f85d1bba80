import { activityInState, busyActivity } from './activity-word.ts';
import { type CellViews, viewCells } from './cell-views.ts';
import { takeItem } from './claim-word.ts';
import { countLatency, LATENCY_CELLS } from './latency-cells.ts';
import {
  HEADER_NUMBER,
  HEADER_WORD,
  type LoadTable,
  layoutOf,
  PICTURE_COPIES,
  PICTURE_NUMBERS,
  SLOT_STATE,
} from './layout.ts';

// A publication is cheap because there is one atomic operation in it, and because V8 inlines all of it into the loop
// that calls it, so that times need not be boxed. That has a budget of bytecodes, and a name from another module costs
// six of them at every use; so the length of a picture, 8, and the indexes of PICTURE are written out below:
//   0 activity  1 batchSeq  2 completed  3 failed  4 busyMs  5 startedAtMs  6 lastProgressAtMs
// The add to seq is a read-modify-write on purpose, though the thread knows the value: the ordering rests on it.
const RING_NUMBERS = PICTURE_COPIES * PICTURE_NUMBERS;
const RING_MASK = RING_NUMBERS - 1;

/**
 * A thread's end of its slot. All methods are for the owning thread alone; none allocates. Times are milliseconds
 * on the process-wide monotonic axis. Layout and memory ordering: layout.ts.
 */
export class SlotWriter {
  /** Number of the slot in the table. */
  readonly slot: number;
  readonly #header: Float64Array;
  readonly #seq: Int32Array;
  readonly #pictures: Float64Array;
  readonly #cancel: Int32Array;
  readonly #claims: readonly Int32Array[];
  readonly #timelines: readonly Float64Array[];
  /** The arrays of each cell. */
  readonly cells: readonly CellViews[];
  readonly #latency: Float64Array;

  /**
   * Takes the first free slot for a thread, in state `starting`. Undefined if no slot is free.
   * @throws RangeError if `threadId` is not a positive integer.
   */
  static claim(table: LoadTable, threadId: number, nowMs: number): SlotWriter | undefined {
    if (!Number.isInteger(threadId) || threadId < 1) {
      throw new RangeError(`threadId: expected a positive integer, got ${threadId}`);
    }
    const words = new Int32Array(table.buffer);
    const slotWords = layoutOf(table).slotBytes / 4;
    for (let slot = 0; slot < table.slots; slot++) {
      const owner = Atomics.compareExchange(words, slot * slotWords + HEADER_WORD.owner, 0, threadId);
      if (owner === 0) return new SlotWriter(table, slot, nowMs);
    }
    return undefined;
  }

  private constructor(table: LoadTable, slot: number, nowMs: number) {
    const { buffer, cellsPerSlot } = table;
    const { slotBytes, cancelAt, cellsAt, cellBytes, latencyAt } = layoutOf(table);
    const start = slot * slotBytes;
    const cellStarts = Array.from({ length: cellsPerSlot }, (_, cell) => start + cellsAt + cell * cellBytes);
    this.slot = slot;
    this.#header = new Float64Array(buffer, start, HEADER_NUMBER.pictures);
    this.#seq = new Int32Array(buffer, start + 4 * HEADER_WORD.seq, 1);
    this.#pictures = new Float64Array(buffer, start + 8 * HEADER_NUMBER.pictures, RING_NUMBERS);
    this.#cancel = new Int32Array(buffer, start + cancelAt, cellsPerSlot);
    this.#claims = cellStarts.map((at) => new Int32Array(buffer, at, 1));
    this.cells = viewCells(table, slot);
    this.#timelines = this.cells.map(({ timeline }) => timeline);
    this.#latency = new Float64Array(buffer, start + latencyAt, LATENCY_CELLS);
    this.#header[HEADER_NUMBER.bornAtMs] = nowMs;
    this.#rest(SLOT_STATE.starting, nowMs);
  }

  /** Publishes one of SLOT_STATE; all else stays. */
  setState(state: number): void {
    const from = (this.#seq[0]! * 8) & RING_MASK;
    const activity = activityInState(this.#pictures[from]!, state);
    this.#rest(activity, this.#pictures[from + 6]!);
  }

  /** Takes the next item of a cell: its index, or -1 if none is left, be they run or taken back. */
  take(cell: number): number {
    return takeItem(this.#claims[cell]!, 0);
  }

  /** Publishes that item `index` of the batch in `cell` runs from now on. The one before must have ended. */
  start(cell: number, batchSeq: number, index: number, nowMs: number): void {
    const seq = this.#seq;
    const pictures = this.#pictures;
    const from = (seq[0]! * 8) & RING_MASK;
    const to = (from + 8) & RING_MASK;
    pictures[to] = busyActivity(cell, index);
    pictures[to + 1] = batchSeq;
    pictures[to + 2] = pictures[from + 2]!;
    pictures[to + 3] = pictures[from + 3]!;
    pictures[to + 4] = pictures[from + 4]!;
    pictures[to + 5] = nowMs;
    pictures[to + 6] = pictures[from + 6]!;
    if (index === 0) this.#timelines[cell]![0] = nowMs;
    Atomics.add(seq, 0, 1);
  }

  /** Publishes that the running item has ended. The slot stays busy with the batch until start or idle. */
  finish(cell: number, index: number, ok: boolean, nowMs: number): void {
    this.next(cell, index, ok, nowMs, -1);
  }

  /** finish(index), then start(nextIndex) of the same batch, in one publication. With -1 it is finish alone. */
  next(cell: number, index: number, ok: boolean, nowMs: number, nextIndex: number): void {
    const seq = this.#seq;
    const pictures = this.#pictures;
    const from = (seq[0]! * 8) & RING_MASK;
    const to = (from + 8) & RING_MASK;
    const tookMs = nowMs - pictures[from + 5]!;
    pictures[to] = busyActivity(cell, nextIndex);
    pictures[to + 1] = pictures[from + 1]!;
    pictures[to + 2] = pictures[from + 2]! + (ok ? 1 : 0);
    pictures[to + 3] = pictures[from + 3]! + (ok ? 0 : 1);
    pictures[to + 4] = pictures[from + 4]! + tookMs;
    pictures[to + 5] = nowMs;
    pictures[to + 6] = nowMs;
    this.#timelines[cell]![index + 1] = nowMs;
    countLatency(this.#latency, tookMs);
    Atomics.add(seq, 0, 1);
  }

  /** Publishes that the thread waits for work. The last item must have ended. */
  idle(nowMs: number): void {
    this.#rest(SLOT_STATE.idle, nowMs);
  }

  /** Shows how much of the thread's heap is in use, and how much memory outside of it is held by what is in it. */
  publishMemory(heapUsedBytes: number, externalBytes: number): void {
    this.#header[HEADER_NUMBER.heapUsedBytes] = heapUsedBytes;
    this.#header[HEADER_NUMBER.externalBytes] = externalBytes;
  }

  /** Shows that the thread's event loop turned, or that a handler left it to. */
  beat(nowMs: number): void {
    this.#header[HEADER_NUMBER.heartbeatAtMs] = nowMs;
  }

  /** Whether the main thread asked for this item to stop. One load: cheap enough for an inner loop. */
  cancelRequested(cell: number, index: number): boolean {
    return Atomics.load(this.#cancel, cell) === index + 1;
  }

  /** Publishes an activity, with all counts as they are. */
  #rest(activity: number, lastProgressAtMs: number): void {
    const seq = this.#seq;
    const pictures = this.#pictures;
    const from = (seq[0]! * 8) & RING_MASK;
    const to = (from + 8) & RING_MASK;
    pictures[to] = activity;
    pictures[to + 1] = pictures[from + 1]!;
    pictures[to + 2] = pictures[from + 2]!;
    pictures[to + 3] = pictures[from + 3]!;
    pictures[to + 4] = pictures[from + 4]!;
    pictures[to + 5] = pictures[from + 5]!;
    pictures[to + 6] = lastProgressAtMs;
    Atomics.add(seq, 0, 1);
  }
}
