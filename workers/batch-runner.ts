import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Remote } from 'comlink';
import { monotonicNowMs } from '../src/contract/clock.ts';
import { FrameReader } from '../src/contract/frame-reader.ts';
import type { BatchMessage, Reply, ThreadReports, ThreadSetup } from '../src/contract/wire.ts';
import type { SlotWriter } from '../src/load-table/writer.ts';
import type { Handlers } from './handlers.ts';
import { heapReport } from './heap.ts';
import { Heartbeat } from './heartbeat.ts';
import { ReplyBuilder } from './reply-builder.ts';
import { isThenable } from './thenable.ts';
import { type BatchShared, ThreadContext } from './thread-context.ts';
import { ThreadLocks } from './thread-locks.ts';

/** The batch that runs now. */
interface Running extends BatchShared {
  readonly message: BatchMessage;
  readonly heads: Float64Array;
  readonly frame: FrameReader | undefined;
  readonly reply: ReplyBuilder;
  /** Index of the running task. */
  index: number;
  ctx: ThreadContext | undefined;
  flushAtMs: number;
  /** A flush is due at the next turn of the event loop. */
  flushing: boolean;
}

/**
 * Runs batches one after the other, and the tasks of a batch one after the other, whatever their handlers await: so
 * the cursor in the load table always names the one task that runs. A batch of handlers that await nothing runs
 * without touching the event loop.
 */
export class BatchRunner {
  private readonly setup: ThreadSetup;
  private readonly writer: SlotWriter;
  private readonly handlers: Handlers;
  private readonly reports: Remote<ThreadReports>;
  private readonly locks: ThreadLocks;
  private readonly port: MessagePort;
  private readonly send: (reply: Reply, transfer: readonly object[]) => void;
  /** When the last batch was done. */
  private endedAtMs = 0;
  /** When other events are to get their turn; 0 while none of this turn's time is used. */
  private turnDueAtMs = 0;
  private running: Running | undefined = undefined;
  /** Settles when the batches that have arrived so far are done. */
  private tail: Promise<unknown> | undefined = undefined;
  private memoryAtMs = 0;
  private readonly heartbeat: Heartbeat;

  constructor(
    setup: ThreadSetup,
    writer: SlotWriter,
    handlers: Handlers,
    reports: Remote<ThreadReports>,
    port: MessagePort,
  ) {
    this.setup = setup;
    this.writer = writer;
    this.heartbeat = new Heartbeat(writer, () => this.running !== undefined);
    this.handlers = handlers;
    this.reports = reports;
    this.locks = new ThreadLocks(setup.locks, writer.slot);
    this.port = port;
    this.send = (reply, transfer) => port.postMessage(reply, transfer as never);
    port.on('message', this.receive);
  }

  /**
   * Takes a batch from the port, and those that wait behind it: each turn of the event loop that is saved leaves time
   * for tasks. Once `flushAfterMs` have gone by, timers and control calls get their turn first.
   */
  private readonly receive = (message: BatchMessage): void => {
    if (this.turnDueAtMs === 0) {
      this.turnDueAtMs = monotonicNowMs() + this.setup.flushAfterMs;
      setImmediate(this.onTurn);
    }
    this.run(message);
    while (this.tail === undefined) {
      if (this.endedAtMs >= this.turnDueAtMs) {
        // Node.js would hand out many messages more before the loop turns; they wait behind this.
        this.follow(new Promise((resolve) => setImmediate(resolve)));
        return;
      }
      const received = receiveMessageOnPort(this.port);
      if (received === undefined) return;
      this.run(received.message as BatchMessage);
    }
  };

  private readonly onTurn = (): void => {
    this.turnDueAtMs = 0;
  };

  private run(message: BatchMessage): void {
    if (this.running === undefined && this.tail === undefined) {
      const pending = this.runBatch(message);
      if (pending !== undefined) this.follow(pending);
      return;
    }
    this.follow((this.tail ?? Promise.resolve()).then(() => this.runBatch(message)));
  }

  /** Aborts the running task's signal, if it is still the one that is meant. */
  cancel(cell: number, batch: number, index: number, reason: string): void {
    const { running } = this;
    if (running?.cell === cell && running.batch === batch && running.index === index)
      running.ctx?.abort(reason);
  }

  /** Resolves when nothing runs. */
  async drained(): Promise<void> {
    while (this.tail !== undefined) await this.tail;
  }

  /** The thread ends: sends what is done. */
  salvage(): void {
    this.running?.reply.flush();
  }

  /** The thread is about to die of `error`: sends what is done, and the error as the running task's. */
  abandon(error: unknown): void {
    const { running } = this;
    if (running === undefined) return;
    this.writer.finish(running.cell, running.index, false, monotonicNowMs());
    running.reply.fail(running.index, error, running.ctx?.reported ?? 0, 'ESCAPED');
    running.reply.flush();
  }

  private follow(reply: Promise<unknown>): void {
    const tail = reply
      .catch(() => undefined)
      .then(() => {
        if (this.tail === tail) this.tail = undefined;
      });
    this.tail = tail;
  }

  /** Runs a batch. Gives a promise if one of its tasks has to be awaited. */
  private runBatch(message: BatchMessage): Promise<void> | undefined {
    const { cell, batch, frame } = message;
    const { heads, inbox, outbox } = this.writer.cells[cell]!;
    const reply = new ReplyBuilder(message, outbox, this.send);
    const first = this.writer.take(cell);
    if (first < 0) {
      reply.last(0);
      return;
    }
    const nowMs = monotonicNowMs();
    const running: Running = {
      message,
      cell,
      batch,
      reply,
      writer: this.writer,
      reports: this.reports,
      locks: this.locks,
      heads,
      frame: frame === undefined ? undefined : new FrameReader(frame, inbox),
      index: first,
      ctx: undefined,
      flushAtMs: nowMs + this.setup.flushAfterMs,
      flushing: false,
    };
    this.running = running;
    this.writer.start(cell, batch, first, nowMs);
    return this.proceed(running);
  }

  /** Runs tasks until one has to be awaited, or none is left. */
  private proceed(running: Running): Promise<void> | undefined {
    for (;;) {
      let ok = true;
      try {
        const value = this.call(running);
        if (isThenable(value)) return this.resume(running, value);
        this.complete(running, value);
      } catch (error) {
        ok = false;
        running.reply.fail(running.index, error, running.ctx?.reported ?? 0);
      }
      if (this.advance(running, ok)) continue;
      this.end(running);
      return;
    }
  }

  /** Awaits the running task, then goes on. */
  private async resume(running: Running, pending: PromiseLike<unknown>): Promise<void> {
    this.heartbeat.start();
    this.flushSoon(running);
    let ok = true;
    try {
      this.complete(running, await pending);
    } catch (error) {
      ok = false;
      running.reply.fail(running.index, error, running.ctx?.reported ?? 0);
    }
    if (this.advance(running, ok)) return this.proceed(running);
    this.end(running);
  }

  /** Results must not wait for a batch-mate that awaits something: they go once the event loop turns. */
  private flushSoon(running: Running): void {
    if (running.flushing) return;
    running.flushing = true;
    setImmediate(() => {
      running.flushing = false;
      if (this.running === running) running.reply.flush();
    });
  }

  private call(running: Running): unknown {
    const { heads } = running;
    const agentId = heads[2 * running.index]!;
    const input = running.frame === undefined ? running.message.raw : running.frame.next();
    const handler = this.handlers.get(agentId);
    if (handler === undefined) throw new Error(`no handler is loaded for agent ${agentId}`);
    const ctx = new ThreadContext(running, handler.agent, heads[2 * running.index + 1]!, running.index);
    running.ctx = ctx;
    return handler.run(input, ctx);
  }

  private complete(running: Running, value: unknown): void {
    const ctx = running.ctx!;
    running.reply.add(running.index, value, ctx.reported, ctx.transferred);
  }

  /** Publishes the end of the running task and takes the next; false if there is none. */
  private advance(running: Running, ok: boolean): boolean {
    const { cell, index } = running;
    const nowMs = monotonicNowMs();
    const next = this.writer.take(cell);
    running.ctx?.leave(!ok);
    running.ctx = undefined;
    if (next < 0) {
      this.writer.finish(cell, index, ok, nowMs);
      return false;
    }
    this.writer.next(cell, index, ok, nowMs, next);
    running.index = next;
    if (nowMs > running.flushAtMs) {
      running.reply.flush();
      running.flushAtMs = nowMs + this.setup.flushAfterMs;
    }
    return true;
  }

  private end(running: Running): void {
    const nowMs = monotonicNowMs();
    this.running = undefined;
    if (nowMs >= this.memoryAtMs) {
      this.memoryAtMs = nowMs + this.setup.memoryEveryMs;
      const { usedBytes, externalBytes } = heapReport();
      this.writer.publishMemory(usedBytes, externalBytes);
    }
    this.writer.idle(nowMs);
    this.endedAtMs = nowMs;
    running.reply.last(running.index + 1);
  }
}
