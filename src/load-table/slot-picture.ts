import { SLOT_STATE } from './layout.ts';

/** What a slot shows, at one moment. Times are on the process-wide monotonic axis. */
export interface SlotPicture {
  slot: number;
  /** 0 if the slot is free. */
  threadId: number;
  /** One of SLOT_STATE. */
  state: number;
  /** The cell whose batch is being run; -1 for none. */
  cell: number;
  batchSeq: number;
  /** The item being run; -1 for none. */
  cursor: number;
  /** `completed + failed`, and 1 if an item is being run. */
  started: number;
  completed: number;
  failed: number;
  /** Time spent in items that have ended. */
  busyMs: number;
  /** When the running item was started; while none is running, when the last one ended. */
  startedAtMs: number;
  /** When the thread was born, last finished an item or last went idle. */
  lastProgressAtMs: number;
  heapUsedBytes: number;
  /** Held outside of the heap by what is in it, such as buffers. */
  externalBytes: number;
  /** When the event loop last turned while a handler was awaited; 0 if none ever was. */
  heartbeatAtMs: number;
  bornAtMs: number;
}

/** A picture of a free slot, to read into. */
export function emptyPicture(slot: number): SlotPicture {
  return {
    slot,
    threadId: 0,
    state: SLOT_STATE.free,
    cell: -1,
    batchSeq: 0,
    cursor: -1,
    started: 0,
    completed: 0,
    failed: 0,
    busyMs: 0,
    startedAtMs: 0,
    lastProgressAtMs: 0,
    heapUsedBytes: 0,
    externalBytes: 0,
    heartbeatAtMs: 0,
    bornAtMs: 0,
  };
}

/** Written out, as both are old objects: nothing is allocated. */
export function copyPicture(from: SlotPicture, to: SlotPicture): void {
  to.slot = from.slot;
  to.threadId = from.threadId;
  to.state = from.state;
  to.cell = from.cell;
  to.batchSeq = from.batchSeq;
  to.cursor = from.cursor;
  to.started = from.started;
  to.completed = from.completed;
  to.failed = from.failed;
  to.busyMs = from.busyMs;
  to.startedAtMs = from.startedAtMs;
  to.lastProgressAtMs = from.lastProgressAtMs;
  to.heapUsedBytes = from.heapUsedBytes;
  to.externalBytes = from.externalBytes;
  to.heartbeatAtMs = from.heartbeatAtMs;
  to.bornAtMs = from.bornAtMs;
}
