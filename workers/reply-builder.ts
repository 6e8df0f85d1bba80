import type { Transferable } from '../src/contract/agent.ts';
import { FrameWriter } from '../src/contract/frame-writer.ts';
import { toWire } from '../src/contract/thrown.ts';
import type { BatchMessage, Reply } from '../src/contract/wire.ts';

/** Batches run one at a time, so one writer serves them all. */
const writer = new FrameWriter();

/** Collects the results of one batch and sends them: early where asked, the rest as the batch's last reply. */
export class ReplyBuilder {
  private readonly message: BatchMessage;
  private readonly send: (reply: Reply, transfer: readonly object[]) => void;
  private from = 0;
  private count = 0;
  private failed: number[] | undefined = undefined;
  private reported: number[] | undefined = undefined;
  /** The flat value that was added last. */
  private lastValue: unknown = undefined;

  constructor(message: BatchMessage, send: (reply: Reply, transfer: readonly object[]) => void) {
    this.message = message;
    this.send = send;
  }

  /** Adds a result. One that is not flat is sent at once, alone, so that no two results can share an object. */
  add(index: number, value: unknown, reported: number, transfer: readonly Transferable[] | undefined): void {
    if (transfer === undefined && this.isFlat(value)) {
      this.count++;
      this.lastValue = value;
      if (reported > 0) this.noteReports(index, reported);
      return;
    }
    this.flush();
    try {
      if (reported > 0) this.noteReports(index, reported);
      this.count = 1;
      this.send(this.make({ raw: value }), transfer ?? []);
      this.from++;
      this.count = 0;
    } catch (error) {
      this.count = 0;
      if (reported > 0) this.noteReports(index, reported);
      this.addFailure(index, toWire(error, 'RESULT_NOT_CLONEABLE'));
    }
  }

  fail(index: number, thrown: unknown, reported: number): void {
    if (reported > 0) this.noteReports(index, reported);
    this.addFailure(index, toWire(thrown));
  }

  /** Sends what there is. */
  flush(): void {
    if (this.count > 0) this.send(this.make({ frame: writer.take() }), []);
    this.from += this.count;
    this.count = 0;
  }

  /** The batch's last reply; `taken` is how many tasks were run. */
  last(taken: number): Reply {
    if (this.count === 0) return this.make({ taken });
    if (this.count > 1 || this.failed !== undefined) return this.make({ frame: writer.take(), taken });
    // One flat value needs no frame to be safe to send.
    writer.discard();
    return this.make({ raw: this.lastValue, taken });
  }

  private isFlat(value: unknown): boolean {
    try {
      return writer.append(value);
    } catch {
      // A getter of the result threw. Sending the result as it is throws again, where it becomes the task's failure.
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
    const { slot, cell, batch } = this.message;
    const { from, count, failed, reported } = this;
    const reply = {
      slot,
      cell,
      batch,
      from,
      count,
      ...rest,
      ...(failed && { failed }),
      ...(reported && { reported }),
    };
    this.failed = undefined;
    this.reported = undefined;
    return reply;
  }
}
