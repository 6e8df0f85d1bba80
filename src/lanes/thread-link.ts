import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { expose, type Remote, releaseProxy, wrap } from 'comlink';
import type { AgentRef } from '../contract/task.ts';
import type { BatchMessage, Hello, Reply, ThreadControl, ThreadReports } from '../contract/wire.ts';
import type { OpenBatch } from './open-batch.ts';

/** Why a thread is replaced although it does its work, and what the load table said of it then. */
export interface Recycling {
  readonly reason: 'heap' | 'external' | 'tasks';
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly tasks: number;
}

/** The supervisor's end of one thread: its slot, its open batches, its control channel. */
export class ThreadLink {
  readonly slot: number;
  readonly threadId: number;
  readonly worker: Worker;
  readonly control: Remote<ThreadControl>;
  /** Resolves when the thread is dead. */
  readonly death: Promise<void>;
  /** By cell of the load table. */
  readonly batches: (OpenBatch | undefined)[];
  /** Set when it is taken in order to be replaced by a fresh one. */
  recycling: Recycling | undefined = undefined;
  /** Why it was taken; what is said of its death. */
  takenBecause: Error | undefined = undefined;
  /** The agent that is known to be to blame for its death. */
  culprit: AgentRef | undefined = undefined;
  /** Whose task was the last of the batch that was done last. */
  lastAgent: AgentRef | undefined = undefined;
  /**
   * `standby`: takes work once another is lost; `draining`: takes no more work, and ends what it has; `retired`: was told to
   * end when it had none.
   */
  state: 'loading' | 'standby' | 'ready' | 'draining' | 'retired' | 'dying' | 'dead' = 'loading';
  /** It is to go: nobody takes its place. */
  spared = false;
  /** It is taken because a caller cancelled a task; no agent is to blame. */
  pardoned = false;
  open = 0;
  /** Cells with a batch: the batch port keeps the process alive while there are any. */
  private cellsInUse = 0;
  private readonly controlPort: MessagePort;
  /** Control calls under way: the control port keeps the process alive while there are any. */
  private calls = 0;
  /** Waits for locks and barriers under way: while there are any, the thread does nothing else. */
  syncWaits = 0;
  /** Sum over the open batches, in milliseconds. */
  expectedMs = 0;
  private readonly batchPort: MessagePort;
  private readonly onReply: (link: ThreadLink, reply: Reply) => void;

  constructor(
    hello: Hello,
    worker: Worker,
    cells: number,
    reports: ThreadReports,
    onReply: (link: ThreadLink, reply: Reply) => void,
  ) {
    this.slot = hello.slot;
    this.threadId = hello.threadId;
    this.worker = worker;
    this.batches = new Array(cells).fill(undefined);
    this.batchPort = hello.batches;
    this.onReply = onReply;
    this.controlPort = hello.control;
    this.control = wrap<ThreadControl>(hello.control as never);
    expose(reports, hello.reports as never);
    hello.batches.on('message', (reply: Reply) => onReply(this, reply));
    // A dying thread's ports close one after the other, before its end is noticed: from the first one on the thread
    // itself keeps the process alive.
    for (const port of [hello.batches, hello.control]) port.once('close', () => worker.ref());
    // No port keeps the process alive; an open batch does, and a call that must be awaited holds it with `during`.
    hello.batches.unref();
    hello.control.unref();
    hello.reports.unref();
    this.death = new Promise((resolve) => worker.once('exit', () => resolve()));
  }

  /** Keeps the process alive while a control call is under way; rejects if the thread dies under it. */
  async during<T>(call: Promise<T>): Promise<T> {
    if (this.calls++ === 0) this.controlPort.ref();
    try {
      const died = this.death.then(() => {
        throw new Error(`thread ${this.threadId} died`);
      });
      return await Promise.race([call, died]);
    } finally {
      if (--this.calls === 0) this.controlPort.unref();
    }
  }

  /** Hands a batch to the thread. @throws DataCloneError, or what a getter of the payload throws, if it cannot be sent. */
  post(message: BatchMessage, transfer: readonly object[] | undefined): void {
    this.batchPort.postMessage(message, transfer as never);
  }

  /** The thread is dead: takes in what it had sent, and closes its ports. */
  drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.batchPort);
      if (received === undefined) break;
      this.onReply(this, received.message as Reply);
    }
    this.batchPort.close();
    // Comlink holds the port until its end is garbage, and the port's listeners hold the link, which holds the end.
    this.control[releaseProxy]();
  }

  /** A cell without a batch, or -1. */
  freeCell(): number {
    return this.batches.indexOf(undefined);
  }

  /** Whether it has no batch, not even one whose cell is still in use. */
  get isEmpty(): boolean {
    return this.cellsInUse === 0;
  }

  add(batch: OpenBatch): void {
    this.batches[batch.cell] = batch;
    if (this.cellsInUse++ === 0) this.batchPort.ref();
    this.open++;
    this.expectedMs += batch.expectedMs;
  }

  /** All tasks of the batch were taken back; only its cell is still in use. */
  withdraw(batch: OpenBatch): void {
    this.open--;
    this.expectedMs = this.open === 0 ? 0 : this.expectedMs - batch.expectedMs;
  }

  remove(batch: OpenBatch): void {
    this.batches[batch.cell] = undefined;
    this.lastAgent = batch.agents[batch.taken! - 1] ?? this.lastAgent;
    if (--this.cellsInUse === 0) this.batchPort.unref();
    if (batch.end > 0) this.withdraw(batch);
  }
}
