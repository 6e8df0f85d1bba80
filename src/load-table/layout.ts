import { ConfigError } from '../contract/errors.ts';
import { LATENCY_CELLS } from './latency-cells.ts';

/**
 * The load table: one SharedArrayBuffer in which every thread writes its own slot and the supervisor reads all of
 * them, without locks and without messages.
 *
 * ```
 * table   │ slot 0 │ slot 1 │ … │ slot n-1 │
 *
 * slot    │ header │ cancel words │ cell 0 │ … │ cell c-1 │ latency │       every block starts at a multiple of
 *                                                                           128 bytes and ends with 128 empty ones
 * header  │ owner i32 │ seq i32 │ bornAtMs │ heapUsedBytes │ externalBytes │ heartbeatAtMs │ … │   from bornAtMs on f64
 *         │ picture 0 │ … │ picture p-1 │
 *
 * picture │ activity │ batchSeq │ completed │ failed │ busyMs │ startedAtMs │ lastProgressAtMs │ unused │   8 f64
 *
 * activity: state, cell and cursor in one integer, see activity-word.ts
 *
 * cancel  │ i32 of cell 0 │ i32 of cell 1 │ … │                 item index + 1 to cancel, 0 for none
 *
 * cell    │ claim i32: end << 16 | next │ … line end … │ timeline: batchTasks + 1 f64 │ … line end … │
 *         │ heads: batchTasks pairs of f64 │ … line end … │ inbox: codes i32 │ … line end … │ outbox: codes i32 │
 *
 * latency │ bucket counts f64 │ sum f64 (ns) │ max f64 (ns) │
 * ```
 *
 * Who writes what, and how it is ordered:
 *
 * | words        | writer                          | ordering                                                      |
 * | ------------ | ------------------------------- | ------------------------------------------------------------- |
 * | owner        | a starting thread, 0 → its id; the supervisor, id → 0 once the thread is dead: handed over, never contested | thread: Atomics.compareExchange; supervisor: Atomics.store |
 * | seq          | the owner                       | Atomics.add; publishes the picture that was just filled in    |
 * | bornAtMs     | the owner, before it publishes  | plain; published by the first Atomics.add of seq              |
 * | heapUsedBytes, externalBytes, heartbeatAtMs | the owner | plain; each a number on its own that may be some time old |
 * | pictures     | the owner                       | plain, into a copy that no reader may use; published by seq   |
 * | cancel words | the main thread                 | Atomics.store; read by Atomics.load                           |
 * | claim        | the owner and the main thread: the one word with two writers | Atomics.compareExchange, but for the opening store while no batch is in the cell |
 * | timeline     | the owner                       | plain; published by the batch's reply, or by the thread's death |
 * | heads, inbox | the main thread, while the thread has no batch in the cell | plain; published by the batch's message |
 * | outbox       | the owner, once a batch         | plain; published by the batch's last reply                    |
 * | latency      | the owner                       | plain; see below                                              |
 *
 * **Pictures** are a seqlock over p copies. To publish picture k the owner fills copy k mod p with plain stores, then
 * adds 1 to `seq`, which makes it k. A reader loads seq = s, then copy s mod p, then seq = t, and has a whole picture
 * if t - s <= p - 3; otherwise it was overtaken and starts again. With one copy there would be a time of "being
 * written", and a thread that dies in it would leave its slot unreadable; here what was last published always stands,
 * for one atomic operation in place of two. (They are what costs: V8 calls a builtin for each, some 15 to 20 ns.)
 *
 * Why that is enough, given that V8 keeps atomic and typed-array accesses in program order:
 * - Filling k cannot sink below the atomic add that makes seq k: it releases. x86 keeps all stores in order; ARM64 has
 *   STLXR, or LDADDAL.
 * - Filling k + 1 may rise above that add on ARM64, but only above its store half: the load half acquires. And that
 *   load half reads what the store half of the add before wrote, which ARM64 orders (a load-acquire that reads an
 *   exclusive or atomic store of its own thread comes after it). So whoever sees a word of filling k + 1 sees seq >=
 *   k - 1. Copy s mod p is next filled for s + p, hence under seq >= s + p - 2: the reader must not accept that, and
 *   p - 3 does not. On x86 it would even be p - 2.
 * - The reader's loads of the copy come after its first load of seq, an LDAR. They come before its second because
 *   between them stands a fence: an Atomics.store to a word of its own, which releases (STLR: the loads above stay
 *   above), then the Atomics.load (LDAR: never before an earlier STLR). x86 keeps loads in order by itself.
 * - Counts are exact up to 2 ** 53, so they never wrap; seq may, as only its differences are looked at.
 * - Halves of a Float64 from two pictures can only be seen if the copy was overwritten meanwhile, which the check finds.
 *
 * **Heads, inbox and outbox** carry what small tasks take along, so that their message does not have to. A message
 * orders what was written before it was posted before what is read after it came. A cell is used again only after its
 * last reply was read.
 *
 * **Latency and timeline** are too large to copy. An aligned 8-byte store is indivisible on the 64-bit machines that
 * Node.js supports, so a reader sees each count as before or after a sample. The whole is exact once the thread is
 * idle or dead; a thread that dies between a sample and its publication leaves one sample more than the picture counts.
 *
 * **Padding.** SharedArrayBuffer memory is from calloc, aligned to 16 bytes only, so that a multiple of 128 in the
 * buffer is none in memory. Each block is therefore followed by 128 empty bytes: words of two writers are at least 128
 * bytes apart wherever the buffer lies. 128, because x86 fetches lines in pairs and some ARM64 cores have lines of 128.
 */
export interface LoadTableShape {
  /** Most threads that can be alive at once, 1 to 1,024. */
  readonly slots: number;
  /** Batches that may be posted to one thread at once, 1 to 16. */
  readonly cellsPerSlot: number;
  /** Most items in a batch, 1 to 32,767. */
  readonly batchTasks: number;
}

/** A load table. Plain data: it can be posted to a thread as it is. */
export interface LoadTable extends LoadTableShape {
  readonly buffer: SharedArrayBuffer;
}

export const SLOT_STATE = { free: 0, starting: 1, idle: 2, busy: 3, draining: 4 } as const;

/** Indexes into the header seen as Int32Array. */
export const HEADER_WORD = { owner: 0, seq: 1 } as const;
/** Indexes into the header seen as Float64Array. */
export const HEADER_NUMBER = {
  bornAtMs: 1,
  heapUsedBytes: 2,
  externalBytes: 3,
  heartbeatAtMs: 4,
  pictures: 8,
} as const;

/**
 * How many copies the pictures rotate through; a power of two. A reader that runs rarely is slow, as V8 has not compiled
 * it: it may take 2 us for a picture, in which a thread with empty tasks publishes several.
 */
export const PICTURE_COPIES = 16;
/** How many pictures the thread may publish while one is being read; beyond, the reader was overtaken. */
export const MAX_PICTURES_BEHIND = PICTURE_COPIES - 3;

/** Indexes into a picture. All are Float64, integers too: one view, and no word that wraps. */
export const PICTURE = {
  activity: 0,
  batchSeq: 1,
  completed: 2,
  failed: 3,
  busyMs: 4,
  startedAtMs: 5,
  lastProgressAtMs: 6,
} as const;
/** Length of a picture, and so the distance to the next: one cache line. */
export const PICTURE_NUMBERS = 8;

/** What a mailbox has room for; batches of larger payloads send theirs in the message. */
const CODES_PER_TASK = 16;
const MAX_MAILBOX_CODES = 8_192;
const LINE_BYTES = 128;
const MAX_TABLE_BYTES = 2 ** 31;

export const HEADER_BYTES = 8 * (HEADER_NUMBER.pictures + PICTURE_COPIES * PICTURE_NUMBERS);

/** Where things are, in bytes. `…At` is from the start of the slot; for the parts of a cell, from the start of the cell. */
export interface SlotLayout {
  readonly cancelAt: number;
  readonly cellsAt: number;
  readonly cellBytes: number;
  readonly timelineAt: number;
  readonly headsAt: number;
  readonly inboxAt: number;
  readonly outboxAt: number;
  /** Length of the inbox, and of the outbox. */
  readonly mailboxCodes: number;
  readonly latencyAt: number;
  readonly slotBytes: number;
}

/** Bytes of a block: whole lines, and an empty one behind them. */
function block(usedBytes: number): number {
  return Math.ceil(usedBytes / LINE_BYTES) * LINE_BYTES + LINE_BYTES;
}

export function layoutOf(shape: LoadTableShape): SlotLayout {
  const cancelAt = block(HEADER_BYTES);
  const cellsAt = cancelAt + block(4 * shape.cellsPerSlot);
  const timelineAt = block(4);
  const headsAt = timelineAt + block(8 * (shape.batchTasks + 1));
  const inboxAt = headsAt + block(16 * shape.batchTasks);
  const mailboxCodes = Math.min(CODES_PER_TASK * shape.batchTasks, MAX_MAILBOX_CODES);
  const outboxAt = inboxAt + block(4 * mailboxCodes);
  const cellBytes = outboxAt + block(4 * mailboxCodes);
  const latencyAt = cellsAt + shape.cellsPerSlot * cellBytes;
  return {
    cancelAt,
    cellsAt,
    cellBytes,
    timelineAt,
    headsAt,
    inboxAt,
    outboxAt,
    mailboxCodes,
    latencyAt,
    slotBytes: latencyAt + block(8 * LATENCY_CELLS),
  };
}

function requireInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const expected = `an integer from ${min} to ${max}`;
  const received = typeof value === 'string' ? `"${value}"` : String(value);
  throw new ConfigError('INVALID_OPTION', name, `${name}: expected ${expected}, got ${received}`, {
    expected,
    received,
  });
}

/**
 * Allocates a table in which every slot is free.
 * @throws ConfigError if a number is out of its range, or the whole would take more than 2 GiB.
 */
export function createLoadTable(shape: LoadTableShape): LoadTable {
  const { slots, cellsPerSlot, batchTasks } = shape;
  requireInteger('slots', slots, 1, 1024);
  requireInteger('cellsPerSlot', cellsPerSlot, 1, 16);
  requireInteger('batchTasks', batchTasks, 1, 32_767);
  const bytes = slots * layoutOf(shape).slotBytes;
  if (bytes > MAX_TABLE_BYTES) {
    const expected = `a table of at most ${MAX_TABLE_BYTES} bytes`;
    const received = `${bytes} bytes for ${slots} slots of ${cellsPerSlot} cells of ${batchTasks} tasks`;
    throw new ConfigError('INVALID_OPTION', 'slots', `slots: expected ${expected}, got ${received}`, {
      expected,
      received,
    });
  }
  return { slots, cellsPerSlot, batchTasks, buffer: new SharedArrayBuffer(bytes) };
}
