import type { MessagePort } from 'node:worker_threads';
import type { ThreadFault } from './fault.ts';
import type { Frame } from './frame.ts';
import type { RateLimit } from './rate-limit.ts';
import type { HeapReport } from './stats.ts';
import type { SyncAnswer, SyncRequest } from './sync-wire.ts';

/** How often a thread that awaits a handler shows that its event loop turns, in milliseconds. */
export const HEARTBEAT_EVERY_MS = 50;

import type { Usage } from './usage.ts';

/** What every thread is started with. */
export interface ThreadSetup {
  readonly table: {
    readonly buffer: SharedArrayBuffer;
    readonly slots: number;
    readonly cellsPerSlot: number;
    readonly batchTasks: number;
  };
  /** A batch that has run this long sends what is done before it starts another task, in milliseconds. */
  readonly flushAfterMs: number;
  /** How often a busy thread publishes its memory, in milliseconds. */
  readonly memoryEveryMs: number;
  /** Words of mutexes that threads acquire by themselves; see sync/lock-word.ts. */
  readonly locks: Int32Array;
}

/** A thread's first word, with the ends of its channels that belong to the supervisor. */
export interface Hello {
  readonly hello: 'spillway';
  readonly threadId: number;
  readonly slot: number;
  /** The way of batches and replies. */
  readonly batches: MessagePort;
  readonly control: MessagePort;
  readonly reports: MessagePort;
}

/**
 * Tasks for one thread: several with flat payloads in a frame, or a single one with its payload as it is. Whose they
 * are is in the heads of the cell. Keys that do not apply are left out, for each that is there costs time on both ends.
 */
export interface BatchMessage {
  readonly cell: number;
  readonly batch: number;
  readonly frame?: Frame;
  readonly raw?: unknown;
}

/** Results of the tasks `from` to `from + count - 1` of a batch, in order. */
export interface Reply {
  readonly cell: number;
  readonly batch: number;
  readonly from: number;
  readonly count: number;
  /** Values, and in the place of each failed task its `WireError`. Without a frame, `raw` is the one value. */
  readonly frame?: Frame;
  readonly raw?: unknown;
  /** Indexes, within the batch, of the failed tasks. */
  readonly failed?: readonly number[];
  /** Pairs: index within the batch, how many reports its handler sent. */
  readonly reported?: readonly number[];
  /** Set on the last reply only: how many tasks the thread took in all. */
  readonly taken?: number;
}

/** What a thread holds the child process of an isolated handler to. */
export interface IsolationSetup {
  /** How long a task may block the child, in milliseconds. */
  readonly stallMs: number | undefined;
  /** How long a task may go on after it was told to stop, in milliseconds. */
  readonly graceMs: number;
  /** How long a child may take to load the handler, in milliseconds. */
  readonly startTimeoutMs: number;
  /** To the thread that keeps the child. */
  readonly nursery: MessagePort;
}

/** What a thread offers over its control channel, by Comlink. */
export interface ThreadControl {
  /** Loads a handler, in a child process if it is to be isolated. Gives the thrown error in wire form, or `undefined`. */
  load(
    agentId: number,
    name: string,
    module: string,
    exportName: string,
    isolation: IsolationSetup | undefined,
  ): Promise<WireThrown | undefined>;
  /** Forgets a handler. */
  unload(agentId: number): void;
  /** Puts faults before an agent's handler, in the place of those that were there. */
  faults(agentId: number, faults: readonly ThreadFault[]): void;
  heap(): HeapReport;
  /** Aborts `ctx.signal` of a running task, if its handler asked for it. */
  cancel(cell: number, batch: number, index: number, reason: string): void;
  /** Resolves when the batches that the thread has taken are done; it is then shown as `draining`. */
  drain(): Promise<void>;
}

/** What the supervisor offers to threads, by Comlink: the way for reports of running handlers. */
export interface ThreadReports {
  progress(cell: number, batch: number, index: number, fraction: number): void;
  partial(cell: number, batch: number, index: number, part: unknown): void;
  /** A child process has died of its agent's handler. */
  childLost(agentId: number): void;
  /** A running task asks for a lock or comes to a barrier, or gives back what it has. `undefined`: it has ended. */
  sync(cell: number, batch: number, index: number, request: SyncRequest): Promise<SyncAnswer | undefined>;
  /** A task that used `ctx.sync` has ended. */
  leaveSync(cell: number, batch: number, index: number, failed: boolean): void;
  usage(cell: number, batch: number, index: number, usage: Usage): void;
  rateLimit(cell: number, batch: number, index: number, rateLimit: RateLimit, resource?: string): void;
}

/** Set on what was thrown if the failure is ours, not the handler's, or if it escaped the handler and ends the thread. */
export type WireFailure =
  | 'RESULT_NOT_CLONEABLE'
  | 'INPUT_NOT_CLONEABLE'
  | 'WORKER_LOST'
  | 'STALLED'
  | 'ESCAPED';

/** Something thrown, in a form that every thread can read. */
export type WireThrown =
  | {
      readonly kind: 'value';
      readonly value: string | number | boolean | null | undefined;
      readonly failure?: WireFailure;
    }
  | { readonly kind: 'described'; readonly text: string; readonly failure?: WireFailure }
  | WireError;

export interface WireError {
  readonly kind: 'error';
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Own fields with plain values, such as `code` and `status`. */
  readonly fields: Record<string, string | number | boolean | null>;
  readonly cause?: WireThrown;
  /** Those of an AggregateError. */
  readonly errors?: readonly WireThrown[];
  readonly failure?: WireFailure;
}
