import type { Transferable } from '../src/contract/agent.ts';
import { FrameWriter } from '../src/contract/frame-writer.ts';
import { toWire } from '../src/contract/thrown.ts';
import type { BatchMessage, Reply, WireFailure } from '../src/contract/wire.ts';
import { IsolationFailure } from './isolation-failure.ts';

/** Batches run one at a time, so one writer serves them all. */
const writer = new FrameWriter();
const NO_MAILBOX = new Int32Array(0);

/** Collects the results of one batch and sends them: early where asked, the rest as the batch's last reply. */
export class ReplyBuilder {
  /** Keeps the hidden class, see `Task.kept`. */
  static readonly kept = new ReplyBuilder({ cell: 0, batch: 0 }, NO_MAILBOX, () => undefined);
  private readonly message: BatchMessage;
  private readonly outbox: Int32Array;
  private readonly send: (reply: Reply, transfer: readonly object[]) => void;
  private from = 0;
  private count = 0;
  private failed: number[] | undefined = undefined;
  private reported: number[] | undefined = undefined;
  /** The one value of a batch of one, which needs no frame to be safe to send, and what is moved with it. */
  private single: { readonly value: unknown; readonly transfer: readonly Transferable[] } | undefined =
    undefined;

  constructor(
    message: BatchMessage,
    outbox: Int32Array,
    send: (reply: Reply, transfer: readonly object[]) => void,
  ) {
    this.message = message;
    this.outbox = outbox;
    this.send = send;
  }

  /** Adds a result. One that is not flat is sent at once, alone, so that no two results can share an object. */
  add(index: number, value: unknown, reported: number, transfer: readonly Transferable[] | undefined): void {
    const isSingle = this.message.frame === undefined;
    if (!isSingle && (transfer !== undefined || !this.isFlat(value))) {
      this.sendAlone(index, value, reported, transfer ?? []);
      return;
    }
    this.count++;
    if (reported > 0) this.noteReports(index, reported);
    if (isSingle) this.single = { value, transfer: transfer ?? [] };
  }

  fail(index: number, thrown: unknown, reported: number, failure?: WireFailure): void {
    if (reported > 0) this.noteReports(index, reported);
    const isOurs = thrown instanceof IsolationFailure;
    this.addFailure(index, isOurs ? toWire(thrown.cause, thrown.failure) : toWire(thrown, failure));
  }

  /** Sends what there is. */
  flush(): void {
    // The batch goes on, so the mailbox is left to its last reply.
    if (this.count > 0) this.send(this.make({ frame: writer.take(NO_MAILBOX) }), []);
    this.from += this.count;
    this.count = 0;
  }

  /** Sends the batch's last reply; `taken` is how many tasks were run. */
  last(taken: number): void {
    const { single } = this;
    if (single !== undefined && this.trySend({ raw: single.value, taken }, single.transfer, 0)) return;
    if (this.count === 0) this.send(this.make({ taken }), []);
    else this.send(this.make({ frame: writer.take(this.outbox), taken }), []);
  }

  private isFlat(value: unknown): boolean {
    try {
      return writer.append(value);
    } catch {
      // A getter of the result threw. Sending the result as it is throws again, where it becomes the task's failure.
      return false;
    }
  }

  private sendAlone(
    index: number,
    value: unknown,
    reported: number,
    transfer: readonly Transferable[],
  ): void {
    this.flush();
    this.count = 1;
    if (reported > 0) this.noteReports(index, reported);
    if (!this.trySend({ raw: value }, transfer, index)) return;
    this.from++;
    this.count = 0;
  }

  /** Sends one value as it is. If that cannot be sent, it becomes the task's failure, and false is returned. */
  private trySend(
    rest: Pick<Reply, 'raw' | 'taken'>,
    transfer: readonly Transferable[],
    index: number,
  ): boolean {
    const { failed, reported } = this;
    try {
      this.send(this.make(rest), transfer);
      return true;
    } catch (error) {
      this.failed = failed;
      this.reported = reported;
      this.count = 0;
      this.addFailure(index, toWire(error, 'RESULT_NOT_CLONEABLE'));
      return false;
    }
  }

  private addFailure(index: number, wire: ReturnType<typeof toWire>): void {
    // What does not fit a frame, such as many errors in one, fits a string.
    if (!writer.append(wire)) writer.append(JSON.stringify(wire));
    this.count++;
    this.failed ??= [];
    this.failed.push(index);
  }

  private noteReports(index: number, reported: number): void {
    this.reported ??= [];
    this.reported.push(index, reported);
  }

  private make(rest: Pick<Reply, 'frame' | 'raw' | 'taken'>): Reply {
    const { cell, batch } = this.message;
    const { from, count, failed, reported } = this;
    this.failed = undefined;
    this.reported = undefined;
    if (failed === undefined && reported === undefined) return { cell, batch, from, count, ...rest };
    return { cell, batch, from, count, ...rest, ...(failed && { failed }), ...(reported && { reported }) };
  }
}
