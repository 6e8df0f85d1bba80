import type { Remote } from 'comlink';
import type { TaskContext, Transferable } from '../src/contract/agent.ts';
import { type RateLimit, rateLimitFrom } from '../src/contract/rate-limit.ts';
import { mayGoUnheard } from '../src/contract/rejected.ts';
import type { Sync } from '../src/contract/sync.ts';
import { taskId } from '../src/contract/task-id.ts';
import { checkedUsage, type Usage } from '../src/contract/usage.ts';
import type { ThreadReports } from '../src/contract/wire.ts';
import type { SlotWriter } from '../src/load-table/writer.ts';
import type { ThreadLocks } from './thread-locks.ts';
import { ThreadSync } from './thread-sync.ts';

/** What the tasks of one batch share. */
export interface BatchShared {
  readonly writer: SlotWriter;
  readonly reports: Remote<ThreadReports>;
  readonly locks: ThreadLocks;
  readonly cell: number;
  readonly batch: number;
}

/** What a handler on a thread is given. */
export class ThreadContext implements TaskContext {
  /** Keeps the hidden class, see `Task.kept`. */
  static readonly kept = new ThreadContext({} as BatchShared, '', 0, 0);
  readonly agent: string;
  private readonly shared: BatchShared;
  private readonly seq: number;
  private readonly index: number;
  /** Why the task is to stop, once it is. */
  stopReason: string | undefined = undefined;
  private controller: AbortController | undefined = undefined;
  private madeSync: ThreadSync | undefined = undefined;
  /** What the handler moves with its result. */
  transferred: Transferable[] | undefined = undefined;
  /** Reports sent, each of which the supervisor awaits before it settles the task. */
  reported = 0;

  constructor(shared: BatchShared, agent: string, seq: number, index: number) {
    this.shared = shared;
    this.agent = agent;
    this.seq = seq;
    this.index = index;
  }

  get taskId(): string {
    return taskId(this.seq);
  }

  get cancelled(): boolean {
    return this.shared.writer.cancelRequested(this.shared.cell, this.index);
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cancelled) this.controller.abort();
    }
    return this.controller.signal;
  }

  /** Called when the supervisor asks the running task to stop. */
  abort(reason: string): void {
    this.stopReason = reason;
    this.controller?.abort(new DOMException(`the task is to stop: ${reason}`, 'AbortError'));
  }

  get sync(): Sync {
    if (this.madeSync === undefined) {
      const { reports, locks, cell, batch } = this.shared;
      this.madeSync = new ThreadSync({ reports, locks, cell, batch, index: this.index });
    }
    return this.madeSync;
  }

  /** The handler has returned. */
  leave(failed: boolean): void {
    if (this.madeSync !== undefined) this.madeSync.leave(failed);
  }

  async progress(fraction: number): Promise<void> {
    if (typeof fraction !== 'number')
      throw new TypeError(`progress: expected a number, got ${typeof fraction}`);
    this.reported++;
    await this.shared.reports.progress(this.shared.cell, this.shared.batch, this.index, fraction);
  }

  async emit(part: unknown): Promise<void> {
    // Throws for what cannot be cloned. A report that counts must arrive, for the task's end waits for it.
    if (typeof part === 'object' || typeof part === 'function' || typeof part === 'symbol')
      structuredClone(part);
    this.reported++;
    await this.shared.reports.partial(this.shared.cell, this.shared.batch, this.index, part);
  }

  usage(usage: Usage): Promise<void> {
    const used = checkedUsage(usage, 'usage');
    this.reported++;
    const { reports, cell, batch } = this.shared;
    return mayGoUnheard(reports.usage(cell, batch, this.index, used));
  }

  rateLimit(headers: unknown, resource?: string): Promise<void> {
    const rateLimit = rateLimitFrom(headers);
    return rateLimit === undefined ? Promise.resolve() : this.limited(rateLimit, resource);
  }

  /** The same, of what the headers say. */
  limited(rateLimit: RateLimit, resource: string | undefined): Promise<void> {
    this.reported++;
    const { reports, cell, batch } = this.shared;
    return mayGoUnheard(reports.rateLimit(cell, batch, this.index, rateLimit, resource));
  }

  transfer<T>(value: T, list: readonly Transferable[]): T {
    this.transferred = this.transferred === undefined ? [...list] : this.transferred.concat(list);
    return value;
  }
}
