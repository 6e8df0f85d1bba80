import type { TaskContext } from '../src/contract/agent.ts';
import type { FromChild } from '../src/contract/child-wire.ts';
import { rateLimitFrom } from '../src/contract/rate-limit.ts';
import { mayGoUnheard } from '../src/contract/rejected.ts';
import { checkedUsage, type Usage } from '../src/contract/usage.ts';

/** What a handler in a child process is given. */
export class ChildContext implements TaskContext {
  readonly taskId: string;
  readonly agent: string;
  private readonly send: (message: FromChild) => void;
  private readonly controller = new AbortController();
  private reports = 0;
  /** Resolves what waits for a report to arrive, by the report's number. */
  private readonly waiting = new Map<number, () => void>();

  constructor(taskId: string, agent: string, send: (message: FromChild) => void) {
    this.taskId = taskId;
    this.agent = agent;
    this.send = send;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get cancelled(): boolean {
    return this.controller.signal.aborted;
  }

  abort(reason: string): void {
    this.controller.abort(new DOMException(`the task is to stop: ${reason}`, 'AbortError'));
  }

  delivered(report: number): void {
    this.waiting.get(report)?.();
    this.waiting.delete(report);
  }

  async progress(fraction: number): Promise<void> {
    if (typeof fraction !== 'number')
      throw new TypeError(`progress: expected a number, got ${typeof fraction}`);
    await this.report((report) => ({ kind: 'progress', report, fraction }));
  }

  async emit(part: unknown): Promise<void> {
    await this.report((report) => ({ kind: 'partial', report, part }));
  }

  usage(usage: Usage): Promise<void> {
    const used = checkedUsage(usage, 'usage');
    return mayGoUnheard(this.report((report) => ({ kind: 'usage', report, usage: used })));
  }

  rateLimit(headers: unknown, resource?: string): Promise<void> {
    const rateLimit = rateLimitFrom(headers);
    if (rateLimit === undefined) return Promise.resolve();
    return mayGoUnheard(this.report((report) => ({ kind: 'rateLimit', report, rateLimit, resource })));
  }

  /** @throws Error: what is locked is in the memory of the engine's process */
  get sync(): never {
    throw new Error(
      `agent "${this.agent}": ctx.sync cannot be used with isolate: 'process'; lock around the task instead`,
    );
  }

  /** Nothing can be moved between processes; it is copied. */
  transfer<T>(value: T): T {
    return value;
  }

  private async report(messageOf: (report: number) => FromChild): Promise<void> {
    const report = ++this.reports;
    // Throws for what cannot be cloned.
    this.send(messageOf(report));
    await new Promise<void>((resolve) => this.waiting.set(report, resolve));
  }
}
