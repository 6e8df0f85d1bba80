import { cellOf, cursorOf, stateOf } from './activity-word.ts';
import { type CellViews, viewCells } from './cell-views.ts';
import { openClaim, takeBackItems, takenItems } from './claim-word.ts';
import { LatencyBuckets } from './latency-buckets.ts';
import { LATENCY_CELLS } from './latency-cells.ts';
import {
  HEADER_NUMBER,
  HEADER_WORD,
  type LoadTable,
  layoutOf,
  MAX_PICTURES_BEHIND,
  PICTURE,
  PICTURE_COPIES,
  PICTURE_NUMBERS,
  SLOT_STATE,
  type SlotLayout,
} from './layout.ts';
import { copyPicture, emptyPicture, type SlotPicture } from './slot-picture.ts';

export { emptyPicture, type SlotPicture } from './slot-picture.ts';

const READ_ATTEMPTS = 1000;

/** Whether the copy of picture `seq` was still untouched when the thread's seq was `seqNow`. */
function isWhole(seq: number, seqNow: number): boolean {
  const behind = (seqNow - seq) | 0;
  return behind >= 0 && behind <= MAX_PICTURES_BEHIND;
}

/**
 * The main thread's end of the load table. Layout and memory ordering: layout.ts.
 */
export class LoadTableReader {
  readonly #table: LoadTable;
  readonly #layout: SlotLayout;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #slotWords: number;
  /** What an atomic store goes to when only its ordering is wanted. */
  readonly #fence = new Int32Array(1);
  /** For readAll: the owned slots, and the seq of each. */
  readonly #owned: Int32Array;
  readonly #seqs: Int32Array;
  /** What was last read of each slot. */
  readonly #last: SlotPicture[];
  /** By slot, made when first asked for. */
  readonly #cells: (readonly CellViews[])[];
  readonly #latencies: LatencyBuckets[];

  constructor(table: LoadTable) {
    const { buffer, slots } = table;
    const layout = layoutOf(table);
    const { slotBytes, latencyAt } = layout;
    this.#table = table;
    this.#layout = layout;
    this.#words = new Int32Array(buffer);
    this.#numbers = new Float64Array(buffer);
    this.#slotWords = slotBytes / 4;
    this.#owned = new Int32Array(slots);
    this.#seqs = new Int32Array(slots);
    this.#last = Array.from({ length: slots }, (_, slot) => emptyPicture(slot));
    this.#cells = new Array(slots);
    this.#latencies = Array.from(
      { length: slots },
      (_, slot) => new LatencyBuckets(new Float64Array(buffer, slot * slotBytes + latencyAt, LATENCY_CELLS)),
    );
  }

  /**
   * Fills `into` with the newest picture of a slot and returns it. Never waits for the thread: one that is dead,
   * or stopped in the middle of a publication, shows the picture before it. If a thread publishes so fast that
   * 1,000 attempts in a row are overtaken, `into` is what was last read of that slot.
   */
  read(slot: number, into: SlotPicture): SlotPicture {
    const words = this.#words;
    const seqAt = slot * this.#slotWords + HEADER_WORD.seq;
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const seq = Atomics.load(words, seqAt);
      this.#fill(into, slot, seq);
      Atomics.store(this.#fence, 0, 0);
      if (isWhole(seq, Atomics.load(words, seqAt))) {
        copyPicture(into, this.#last[slot]!);
        return into;
      }
    }
    copyPicture(this.#last[slot]!, into);
    return into;
  }

  /**
   * Reads every slot that has an owner into `into`, in the order of slots, and returns how many. Makes pictures only
   * where `into` is too short; those behind the returned number are left as they were.
   *
   * All slots share the fences that `read` makes for one: first every seq, then every picture, then every seq again.
   */
  readAll(into: SlotPicture[]): number {
    const words = this.#words;
    const owned = this.#findOwned();
    while (into.length < owned) into.push(emptyPicture(0));
    this.#loadFence();
    for (let i = 0; i < owned; i++) this.#fill(into[i]!, this.#owned[i]!, this.#seqs[i]!);
    this.#loadFence();
    for (let i = 0; i < owned; i++) {
      const slot = this.#owned[i]!;
      const picture = into[i]!;
      const seqNow = words[slot * this.#slotWords + HEADER_WORD.seq]!;
      if (isWhole(this.#seqs[i]!, seqNow)) copyPicture(picture, this.#last[slot]!);
      else this.read(slot, picture);
    }
    return owned;
  }

  /** Notes the owned slots and the seq of each. */
  #findOwned(): number {
    const words = this.#words;
    let owned = 0;
    for (let slot = 0; slot < this.#table.slots; slot++) {
      const header = slot * this.#slotWords;
      if (words[header + HEADER_WORD.owner] === 0) continue;
      this.#owned[owned] = slot;
      this.#seqs[owned] = words[header + HEADER_WORD.seq]!;
      owned++;
    }
    return owned;
  }

  /** Keeps plain loads above it before those below it: the store releases, the load acquires, in this order. */
  #loadFence(): void {
    Atomics.store(this.#fence, 0, 0);
    Atomics.load(this.#fence, 0);
  }

  #fill(into: SlotPicture, slot: number, seq: number): void {
    const words = this.#words;
    const numbers = this.#numbers;
    const header = slot * this.#slotWords;
    const own = header / 2;
    const at = header / 2 + HEADER_NUMBER.pictures + (seq & (PICTURE_COPIES - 1)) * PICTURE_NUMBERS;
    const owner = words[header + HEADER_WORD.owner]!;
    const activity = numbers[at + PICTURE.activity]!;
    const state = stateOf(activity);
    const cursor = cursorOf(activity);
    const completed = numbers[at + PICTURE.completed]!;
    const failed = numbers[at + PICTURE.failed]!;
    into.slot = slot;
    into.threadId = owner;
    // A thread that has only just claimed its slot has published nothing yet.
    into.state = state === SLOT_STATE.free && owner !== 0 ? SLOT_STATE.starting : state;
    into.cell = cellOf(activity);
    into.batchSeq = numbers[at + PICTURE.batchSeq]!;
    into.cursor = cursor;
    into.started = completed + failed + (cursor < 0 ? 0 : 1);
    into.completed = completed;
    into.failed = failed;
    into.busyMs = numbers[at + PICTURE.busyMs]!;
    into.startedAtMs = numbers[at + PICTURE.startedAtMs]!;
    into.lastProgressAtMs = numbers[at + PICTURE.lastProgressAtMs]!;
    into.heapUsedBytes = numbers[own + HEADER_NUMBER.heapUsedBytes]!;
    into.externalBytes = numbers[own + HEADER_NUMBER.externalBytes]!;
    into.heartbeatAtMs = numbers[own + HEADER_NUMBER.heartbeatAtMs]!;
    into.bornAtMs = numbers[own + HEADER_NUMBER.bornAtMs]!;
  }

  /**
   * Makes a cell ready for a batch of `count` items, none started, none cancelled. Only while no batch is in it.
   * @throws RangeError if `count` is not an integer from 0 to the table's `batchTasks`.
   */
  openCell(slot: number, cell: number, count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.#table.batchTasks) {
      throw new RangeError(`count: expected an integer from 0 to ${this.#table.batchTasks}, got ${count}`);
    }
    Atomics.store(this.#words, this.#cancelWord(slot, cell), 0);
    Atomics.store(this.#words, this.#claimWord(slot, cell), openClaim(count));
  }

  /**
   * Takes the items that are not started back from the thread. Returns how many it had started: those from there on
   * are ours again.
   */
  takeBack(slot: number, cell: number): number {
    return takeBackItems(this.#words, this.#claimWord(slot, cell));
  }

  /** How many items of the batch the thread has started. */
  startedItems(slot: number, cell: number): number {
    return takenItems(Atomics.load(this.#words, this.#claimWord(slot, cell)));
  }

  /** Asks the thread to stop an item of the batch. A cell holds one request: the last one. */
  requestCancel(slot: number, cell: number, index: number): void {
    Atomics.store(this.#words, this.#cancelWord(slot, cell), index + 1);
  }

  /**
   * The arrays of a cell. The heads and the inbox are to be filled before the batch's message is posted; the timeline
   * and the outbox to be read after its reply has come or its thread is dead, and before the cell is opened again.
   */
  cell(slot: number, cell: number): CellViews {
    this.#cells[slot] ??= viewCells(this.#table, slot);
    return this.#cells[slot]![cell]!;
  }

  /** The service times of a slot's items, as they are being written: `copy()` to keep them. */
  latency(slot: number): LatencyBuckets {
    return this.#latencies[slot]!;
  }

  /** Wipes and frees the slot of a thread that is dead. Copy first what is to be kept. */
  release(slot: number): void {
    const { slotBytes, cellsAt, inboxAt, latencyAt } = this.#layout;
    const start = (slot * slotBytes) / 4;
    const owner = start + HEADER_WORD.owner;
    this.#words.fill(0, owner + 1, start + cellsAt / 4);
    for (let cell = 0; cell < this.#table.cellsPerSlot; cell++) {
      const claim = this.#claimWord(slot, cell);
      // But not the mailboxes, which are large; what is read there was written before.
      this.#words.fill(0, claim, claim + inboxAt / 4);
    }
    this.#words.fill(0, start + latencyAt / 4, start + slotBytes / 4);
    copyPicture(emptyPicture(slot), this.#last[slot]!);
    // Last, and seq-cst: whoever claims the slot sees it wiped.
    Atomics.store(this.#words, owner, 0);
  }

  /** The same for a thread that is dead and whose slot nobody was told: it may have taken one, or none. */
  releaseOf(threadId: number): void {
    for (let slot = 0; slot < this.#table.slots; slot++) {
      if (Atomics.load(this.#words, slot * this.#slotWords + HEADER_WORD.owner) === threadId)
        this.release(slot);
    }
  }

  #cancelWord(slot: number, cell: number): number {
    return (slot * this.#layout.slotBytes + this.#layout.cancelAt) / 4 + cell;
  }

  #claimWord(slot: number, cell: number): number {
    return (slot * this.#layout.slotBytes + this.#layout.cellsAt + cell * this.#layout.cellBytes) / 4;
  }
}
