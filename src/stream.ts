import type { Engine, StreamOptions } from './contract/engine.ts';
import { ConfigError } from './contract/errors.ts';
import { DEFAULTS, priorityLevel } from './contract/options.ts';
import type { Outcome } from './contract/outcome.ts';
import type { Task } from './contract/task.ts';

/** What a stream needs of its engine. */
export interface StreamPort {
  /** The task, or `undefined` if it was shed. Throws on bad input and after close. */
  trySubmit(input: unknown): Task | undefined;
  ready: Engine['ready'];
  /** Whether a task of this level would be admitted now. */
  hasRoom(level: number): boolean;
  /** Calls back in a later turn of the event loop. */
  defer(fn: () => void): void;
}

/** The source failed after its stream was stopped: nobody is left to tell. */
const forget = () => {};

/** Runs all of a source through the engine, pulling it only as fast as tasks are admitted and outcomes are taken. */
export class TaskStream implements AsyncIterableIterator<Outcome> {
  private readonly port: StreamPort;
  private readonly options: StreamOptions;
  private readonly source: Iterator<unknown> | AsyncIterator<unknown>;
  private readonly window: number;
  /** Outcomes to hand out, in order; `undefined` holds the place of one that is not there yet. */
  private readonly outcomes: (Outcome | undefined)[] = [];
  private readonly outstanding = new Set<Task>();
  private readonly stopWaiting = new AbortController();
  private state:
    | { readonly kind: 'pulling' }
    | { readonly kind: 'ended' }
    | { readonly kind: 'broken'; readonly error: unknown } = { kind: 'pulling' };
  /** Reads that wait for an outcome. */
  private readers: (() => void)[] = [];
  private returned = false;
  private sourceClosed = false;
  private wakeProducer: (() => void) | undefined = undefined;
  private started = false;
  /** The source has been asked for an item that has not come. */
  private awaitingSource = false;
  /** Outcomes handed out so far. */
  private handedOut = 0;
  private readonly onAbort = () => this.stop();

  constructor(port: StreamPort, source: Iterable<unknown> | AsyncIterable<unknown>, options: StreamOptions) {
    this.port = port;
    this.options = options;
    this.window = options.window ?? DEFAULTS.stream.window;
    this.source =
      Symbol.asyncIterator in source
        ? source[Symbol.asyncIterator]()
        : (source as Iterable<unknown>)[Symbol.iterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Outcome, undefined>> {
    if (!this.started) this.start();
    for (;;) {
      if (this.returned) return { done: true, value: undefined };
      if (this.outcomes.length > 0 && this.outcomes[0] !== undefined) {
        const value = this.outcomes.shift()!;
        this.handedOut++;
        this.wakeProducer?.();
        return { done: false, value };
      }
      if (this.state.kind !== 'pulling' && this.outstanding.size === 0 && this.outcomes.length === 0) {
        this.options.signal?.removeEventListener('abort', this.onAbort);
        this.wakeReaders();
        if (this.state.kind === 'ended') return { done: true, value: undefined };
        const { error } = this.state;
        this.state = { kind: 'ended' };
        throw error;
      }
      await new Promise<void>((resolve) => {
        this.readers.push(resolve);
      });
    }
  }

  /** Stops early: cancels what is outstanding and closes the source. */
  async return(): Promise<IteratorResult<Outcome, undefined>> {
    this.returned = true;
    this.stop();
    this.outcomes.length = 0;
    this.options.signal?.removeEventListener('abort', this.onAbort);
    await this.closeSource();
    return { done: true, value: undefined };
  }

  /** Tasks and outcomes that the stream holds. In order, each outstanding task has its place among the outcomes. */
  private get held(): number {
    return this.options.ordered ? this.outcomes.length : this.outstanding.size + this.outcomes.length;
  }

  private start(): void {
    this.started = true;
    const { signal } = this.options;
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (signal?.aborted) this.stop();
    void this.pull();
  }

  private wakeReaders(): void {
    const { readers } = this;
    this.readers = [];
    for (const wake of readers) wake();
  }

  /** Tells the source that no more is wanted. */
  private async closeSource(): Promise<void> {
    if (this.sourceClosed) return;
    this.sourceClosed = true;
    const closing = (async () => void (await this.source.return?.()))();
    // A source that hangs in the middle of an item must not hold up whoever stops.
    if (this.awaitingSource) closing.catch(forget);
    else await closing;
  }

  private stop(): void {
    if (this.state.kind === 'pulling') this.state = { kind: 'ended' };
    this.stopWaiting.abort();
    for (const task of [...this.outstanding]) task.cancel(this.options.signal?.reason);
    if (!this.returned) this.closeSource().catch(forget);
    this.wakeProducer?.();
    this.wakeReaders();
  }

  /** Never rejects: an error of the source becomes the stream's last word. */
  private async pull(): Promise<void> {
    try {
      for (;;) {
        while (this.state.kind === 'pulling' && this.held >= this.window) {
          await new Promise<void>((resolve) => {
            this.wakeProducer = resolve;
          });
        }
        if (this.state.kind !== 'pulling' || !(await this.admission())) return;
        this.awaitingSource = true;
        const item = await this.source.next();
        this.awaitingSource = false;
        if (this.state.kind !== 'pulling') return;
        if (item.done) {
          this.sourceClosed = true;
          break;
        }
        if (!(await this.submit(item.value))) return;
      }
      this.state = { kind: 'ended' };
    } catch (error) {
      if (this.state.kind === 'pulling') this.state = { kind: 'broken', error };
      // A source that threw has ended by itself.
      if (this.awaitingSource) this.sourceClosed = true;
      else this.closeSource().catch(forget);
    } finally {
      this.wakeReaders();
    }
  }

  /** Waits until a task would be admitted; false if the stream was stopped meanwhile. */
  private async admission(): Promise<boolean> {
    if (this.port.hasRoom(priorityLevel(this.options.priority))) return true;
    const { priority } = this.options;
    try {
      await this.port.ready({ signal: this.stopWaiting.signal, ...(priority !== undefined && { priority }) });
    } catch (error) {
      if (!this.stopWaiting.signal.aborted) throw error;
    }
    return this.state.kind === 'pulling';
  }

  private async submit(input: unknown): Promise<boolean> {
    for (;;) {
      const task = this.port.trySubmit(input);
      if (task !== undefined) {
        this.follow(task);
        return true;
      }
      // Somebody else took the room; the input is in hand and waits its turn. If there still seems to be room, the
      // limit contradicts itself; others must not starve for that.
      if (this.port.hasRoom(priorityLevel(this.options.priority)))
        await new Promise<void>((resolve) => this.port.defer(resolve));
      if (this.state.kind !== 'pulling' || !(await this.admission())) return false;
    }
  }

  private follow(task: Task): void {
    this.outstanding.add(task);
    const place = this.options.ordered ? this.outcomes.push(undefined) - 1 + this.handedOut : -1;
    void task.outcome.then((outcome) => {
      this.outstanding.delete(task);
      if (place < 0) this.outcomes.push(outcome);
      else this.outcomes[place - this.handedOut] = outcome;
      this.wakeReaders();
    });
  }
}

/** @throws ConfigError if it cannot be iterated. */
export function checkSource(source: unknown): void {
  const isObject = typeof source === 'object' && source !== null;
  if (isObject && (Symbol.asyncIterator in source || Symbol.iterator in source)) return;
  throw new ConfigError('INVALID_OPTION', 'source', 'source: expected an iterable or an async iterable', {
    expected: 'an iterable or an async iterable',
    received: String(source),
  });
}
