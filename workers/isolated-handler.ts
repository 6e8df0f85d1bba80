import type { FromChild, FromNursery } from '../src/contract/child-wire.ts';
import { monotonicNowMs } from '../src/contract/clock.ts';
import { fromWire, toWire } from '../src/contract/thrown.ts';
import { HEARTBEAT_EVERY_MS, type IsolationSetup, type WireThrown } from '../src/contract/wire.ts';
import { ChildLink } from './child-link.ts';
import { IsolationFailure } from './isolation-failure.ts';
import type { ThreadContext } from './thread-context.ts';

/** The task that the child runs. */
interface Call {
  readonly ctx: ThreadContext;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** When the child last showed that it is not blocked. */
  signOfLifeAtMs: number;
  /** Why the child is being killed, or that it is dead. */
  doomed: 'stalled' | 'told to stop' | 'dead' | undefined;
  isPardoned: boolean;
}

/**
 * A handler that runs in a child process of its thread, one task at a time. What the handler does to its process ends
 * that process alone, which is then started anew; the thread goes on.
 */
export class IsolatedHandler {
  private readonly setup: IsolationSetup;
  private readonly target: { readonly agent: string; readonly module: string; readonly exportName: string };
  /** Charges the death of a child to its agent. */
  private readonly charge: () => Promise<void>;
  private child: ChildLink | undefined = undefined;
  private call: Call | undefined = undefined;
  private onLoaded: (failure: WireThrown | undefined) => void = () => {};
  private ready: Promise<WireThrown | undefined> | undefined = undefined;
  private stallTimer: NodeJS.Timeout | undefined = undefined;
  /** Whether the child that lives has loaded the handler. */
  private isLoaded = false;
  /** Whether any has. What fails before is for the one who registers the agent to hear, not for its budget. */
  private wasLoaded = false;
  /** The end of a child that has said its last word: the next task is for another. */
  private departing: Promise<unknown> | undefined = undefined;
  private startTimer: NodeJS.Timeout | undefined = undefined;
  private isClosed = false;

  constructor(setup: IsolationSetup, target: IsolatedHandler['target'], charge: () => Promise<void>) {
    this.setup = setup;
    this.target = target;
    this.charge = charge;
    setup.nursery.on('message', (message: FromNursery) => this.child?.hear(message));
  }

  /** Starts the child, if there is none, and has it load the handler. Gives the error in wire form. */
  load(): Promise<WireThrown | undefined> {
    this.ready ??= this.start();
    return this.ready;
  }

  async run(input: unknown, ctx: ThreadContext): Promise<unknown> {
    await this.departing;
    const failure = await this.load();
    if (failure !== undefined) {
      this.child?.kill();
      throw new IsolationFailure('WORKER_LOST', fromWire(failure));
    }
    if (ctx.cancelled) throw new IsolationFailure('WORKER_LOST', new Error('it was told to stop'));
    try {
      return await new Promise((resolve, reject) => {
        const call: Call = {
          ctx,
          resolve,
          reject,
          signOfLifeAtMs: monotonicNowMs(),
          doomed: undefined,
          isPardoned: false,
        };
        this.call = call;
        try {
          this.child!.send({ kind: 'run', taskId: ctx.taskId, input });
        } catch (error) {
          reject(new IsolationFailure('INPUT_NOT_CLONEABLE', error));
          return;
        }
        this.watch(call);
      });
    } finally {
      this.call = undefined;
    }
  }

  /** Ends the child for good, at once. */
  close(): void {
    this.isClosed = true;
    if (this.child === undefined) this.setup.nursery.close();
    else this.child.kill();
  }

  private start(): Promise<WireThrown | undefined> {
    const child = new ChildLink(this.setup.nursery, (message) => this.receive(message));
    this.child = child;
    void child.end.then((how) => this.buried(child, how));
    child.send({ kind: 'load', ...this.target });
    const { startTimeoutMs } = this.setup;
    this.startTimer = setTimeout(() => {
      this.onLoaded(toWire(new Error(`the module is not loaded after ${startTimeoutMs} ms`)));
      child.kill();
    }, startTimeoutMs);
    return new Promise((resolve) => {
      this.onLoaded = resolve;
    });
  }

  private receive(message: FromChild): void {
    if (message.kind === 'loaded') {
      clearTimeout(this.startTimer);
      this.isLoaded = message.failure === undefined;
      this.wasLoaded ||= this.isLoaded;
      this.onLoaded(message.failure);
    }
    const { call } = this;
    if (call === undefined) return;
    call.signOfLifeAtMs = monotonicNowMs();
    switch (message.kind) {
      case 'completed':
        call.resolve(message.value);
        return;
      case 'failed':
        if (message.isLast) this.departing = this.child!.end;
        call.reject(failureOf(message.thrown));
        return;
      case 'progress':
        this.pass(message.report, call.ctx.progress(message.fraction));
        return;
      case 'partial':
        this.pass(message.report, call.ctx.emit(message.part));
        return;
      case 'usage':
        this.pass(message.report, call.ctx.usage(message.usage));
        return;
      case 'rateLimit':
        this.pass(message.report, call.ctx.limited(message.rateLimit, message.resource));
    }
  }

  private pass(report: number, delivery: Promise<void>): void {
    const { child } = this;
    // If it cannot be delivered the thread is on its way out, and the child with it.
    delivery.then(
      () => child?.send({ kind: 'delivered', report }),
      () => undefined,
    );
  }

  /** Sees to it that the child stops when it is told to, and that it does not block for too long. */
  private watch(call: Call): void {
    const { stallMs, graceMs } = this.setup;
    const stop = () => {
      const reason = call.ctx.stopReason ?? 'cancelled';
      this.child?.send({ kind: 'abort', reason });
      setTimeout(
        () => this.doom(call, 'told to stop', reason === 'cancelled' || reason === 'shutdown'),
        graceMs,
      );
    };
    if (call.ctx.signal.aborted) stop();
    else call.ctx.signal.addEventListener('abort', stop, { once: true });
    if (stallMs !== undefined && this.stallTimer === undefined) this.checkStall();
  }

  /** One timer for all tasks: it looks at the one that runs, and ends where none does. */
  private readonly checkStall = (): void => {
    this.stallTimer = undefined;
    const { call } = this;
    if (call === undefined) return;
    // Between two beats nothing is known; the first is due an interval after the start.
    const dueInMs = call.signOfLifeAtMs + this.setup.stallMs! + HEARTBEAT_EVERY_MS - monotonicNowMs();
    if (dueInMs <= 0) this.doom(call, 'stalled', false);
    else this.stallTimer = setTimeout(this.checkStall, Math.ceil(dueInMs));
  };

  private doom(call: Call, why: 'stalled' | 'told to stop', isPardoned: boolean): void {
    if (this.call !== call || call.doomed !== undefined) return;
    call.doomed = why;
    call.isPardoned = isPardoned;
    this.child?.kill();
  }

  private buried(child: ChildLink, how: string): void {
    if (this.child !== child) return;
    const { call, isLoaded } = this;
    this.child = undefined;
    this.ready = undefined;
    this.isLoaded = false;
    this.departing = undefined;
    clearTimeout(this.startTimer);
    const cause = new Error(`the child process ended: ${how}`);
    this.onLoaded(toWire(cause));
    const wasAtFault = this.wasLoaded && call?.isPardoned !== true && !this.isClosed;
    const failure = call?.doomed === 'stalled' ? this.stalled() : new IsolationFailure('WORKER_LOST', cause);
    // From here on nothing may be done to its child, which is another one.
    if (call !== undefined) call.doomed ??= 'dead';
    // First charged, then told: whoever hears of it finds the agent switched off, if that was one too many.
    if (wasAtFault) void this.charge().then(() => call?.reject(failure));
    else call?.reject(failure);
    // The next task should not have to wait for a new one; but one that cannot load its handler waits for a task.
    if (this.isClosed) this.setup.nursery.close();
    else if (isLoaded) void this.load();
  }

  private stalled(): IsolationFailure {
    const { stallMs } = this.setup;
    return new IsolationFailure(
      'STALLED',
      new Error(`the child process was blocked for more than ${stallMs} ms`),
    );
  }
}

function failureOf(thrown: WireThrown): unknown {
  const error = fromWire(thrown);
  return thrown.failure === undefined ? error : new IsolationFailure(thrown.failure, error);
}
