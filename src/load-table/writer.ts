import { activityInState, endedActivity, restingActivity, runningActivity } from './activity-word.ts';
import { takeItem } from './claim-word.ts';
import { countLatency, LATENCY_CELLS } from './latency-cells.ts';
import {
  HEADER_BYTES,
  HEADER_NUMBER,
  HEADER_WORD,
  type LoadTable,
  layoutOf,
  PICTURE_COPIES,
  PICTURE_NUMBERS,
  SLOT_STATE,
} from './layout.ts';

// What makes a publication cheap, next to there being one atomic operation in it, is that V8 inlines all of it into
// the caller's loop, where times need not be boxed. That is a budget of bytecodes. Imported bindings are loaded at
// every use and checked for being initialized; so the numbers of PICTURE are written out below, in its order:
//   0 activity  1 batchSeq  2 completed  3 failed  4 busyMs  5 startedAtMs  6 lastProgressAtMs
const SEQ = HEADER_WORD.seq;
const PICTURES = HEADER_NUMBER.pictures;
const COPY_MASK = PICTURE_COPIES - 1;
const SIZE = PICTURE_NUMBERS;

/** Where picture `seq` is in the header's numbers. */
function pictureAt(seq: number): number {
  return PICTURES + (seq & COPY_MASK) * SIZE;
}

/**
 * A thread's end of its slot. All methods are for the owning thread alone; none allocates. Times are milliseconds
 * on the process-wide monotonic axis. Layout and memory ordering: layout.ts.
 */
export class SlotWriter {
  /** Number of the slot in the table. */
  readonly slot: number;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #cancel: Int32Array;
  readonly #claims: readonly Int32Array[];
  readonly #timelines: readonly Float64Array[];
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
    const { buffer, cellsPerSlot, batchTasks } = table;
    const { slotBytes, cancelAt, cellsAt, cellBytes, timelineAt, latencyAt } = layoutOf(table);
    const start = slot * slotBytes;
    const cellStarts = Array.from({ length: cellsPerSlot }, (_, cell) => start + cellsAt + cell * cellBytes);
    this.slot = slot;
    this.#words = new Int32Array(buffer, start, HEADER_BYTES / 4);
    this.#numbers = new Float64Array(buffer, start, HEADER_BYTES / 8);
    this.#cancel = new Int32Array(buffer, start + cancelAt, cellsPerSlot);
    this.#claims = cellStarts.map((at) => new Int32Array(buffer, at, 1));
    this.#timelines = cellStarts.map((at) => new Float64Array(buffer, at + timelineAt, batchTasks + 1));
    this.#latency = new Float64Array(buffer, start + latencyAt, LATENCY_CELLS);
    this.#numbers[HEADER_NUMBER.bornAtMs] = nowMs;
    this.#rest(restingActivity(SLOT_STATE.starting), nowMs);
  }

  /** Publishes one of SLOT_STATE; all else stays. */
  setState(state: number): void {
    const from = pictureAt(this.#words[SEQ]!);
    const activity = activityInState(this.#numbers[from]!, state);
    this.#rest(activity, this.#numbers[from + 6]!);
  }

  /** Takes the next item of a cell: its index, or -1 if none is left, be they run or taken back. */
  take(cell: number): number {
    return takeItem(this.#claims[cell]!, 0);
  }

  /** Publishes that item `index` of the batch in `cell` runs from now on. The one before must have ended. */
  start(cell: number, batchSeq: number, index: number, nowMs: number): void {
    const numbers = this.#numbers;
    const seq = this.#words[SEQ]!;
    const from = pictureAt(seq);
    const to = pictureAt(seq + 1);
    numbers[to] = runningActivity(cell, index);
    numbers[to + 1] = batchSeq;
    numbers[to + 2] = numbers[from + 2]!;
    numbers[to + 3] = numbers[from + 3]!;
    numbers[to + 4] = numbers[from + 4]!;
    numbers[to + 5] = nowMs;
    numbers[to + 6] = numbers[from + 6]!;
    if (index === 0) this.#timelines[cell]![0] = nowMs;
    this.#publish();
  }

  /** Publishes that the running item has ended. The slot stays busy, its cursor on that item, until start or idle. */
  finish(cell: number, index: number, ok: boolean, nowMs: number): void {
    this.next(cell, index, ok, nowMs, -1);
  }

  /** finish(index), then start(nextIndex) of the same batch, in one publication. With -1 it is finish alone. */
  next(cell: number, index: number, ok: boolean, nowMs: number, nextIndex: number): void {
    const numbers = this.#numbers;
    const seq = this.#words[SEQ]!;
    const from = pictureAt(seq);
    const to = pictureAt(seq + 1);
    const startedAtMs = numbers[from + 5]!;
    const tookMs = nowMs - startedAtMs;
    const goesOn = nextIndex >= 0;
    numbers[to] = goesOn ? runningActivity(cell, nextIndex) : endedActivity(numbers[from]!);
    numbers[to + 1] = numbers[from + 1]!;
    numbers[to + 2] = numbers[from + 2]! + (ok ? 1 : 0);
    numbers[to + 3] = numbers[from + 3]! + (ok ? 0 : 1);
    numbers[to + 4] = numbers[from + 4]! + tookMs;
    numbers[to + 5] = goesOn ? nowMs : startedAtMs;
    numbers[to + 6] = nowMs;
    this.#timelines[cell]![index + 1] = nowMs;
    countLatency(this.#latency, tookMs);
    this.#publish();
  }

  /** Publishes that the thread waits for work. The last item must have ended. */
  idle(nowMs: number): void {
    this.#rest(restingActivity(SLOT_STATE.idle), nowMs);
  }

  /** Shows how much of the thread's heap is in use. */
  publishHeap(bytes: number): void {
    this.#numbers[HEADER_NUMBER.heapUsedBytes] = bytes;
  }

  /** Whether the main thread asked for this item to stop. One load: cheap enough for an inner loop. */
  cancelRequested(cell: number, index: number): boolean {
    return Atomics.load(this.#cancel, cell) === index + 1;
  }

  /** Publishes an activity, with all counts as they are. */
  #rest(activity: number, lastProgressAtMs: number): void {
    const numbers = this.#numbers;
    const seq = this.#words[SEQ]!;
    const from = pictureAt(seq);
    const to = pictureAt(seq + 1);
    numbers[to] = activity;
    numbers[to + 1] = numbers[from + 1]!;
    numbers[to + 2] = numbers[from + 2]!;
    numbers[to + 3] = numbers[from + 3]!;
    numbers[to + 4] = numbers[from + 4]!;
    numbers[to + 5] = numbers[from + 5]!;
    numbers[to + 6] = lastProgressAtMs;
    this.#publish();
  }

  /** Read-modify-write on purpose, though the thread knows what seq is: the ordering rests on it. */
  #publish(): void {
    Atomics.add(this.#words, SEQ, 1);
  }
}
