import { ConfigError, EngineClosedError } from '../contract/errors.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { OverflowEntry, OverflowPort } from '../contract/overflow.ts';
import { IndexedHeap } from '../queue/indexed-heap.ts';
import type { HeldEntry } from './held-entry.ts';

/** How often to look whether the load has fallen, in milliseconds. */
const LOOK_EVERY_MS = 50;
/** How long a target that cannot be served is left alone, in milliseconds. */
const RETRY_MS = 5_000;

/** What a line asks of whoever holds the entries. */
export interface LineKeeper {
  readonly port: OverflowPort;
  /** Most tasks of the line that are with the engine at once. */
  readonly window: number;
  /** Entries are brought back while the load is below it. */
  readonly resumeLoad: number;
  read(held: HeldEntry): Promise<OverflowEntry>;
  /** The task has ended. Never rejects. */
  ended(held: HeldEntry, entry: OverflowEntry, outcome: Outcome): Promise<void>;
  /** It cannot be submitted in this process's life. */
  setAside(held: HeldEntry, error: unknown): void;
}

/** The entries of one target, on their way back: the oldest of the highest priority first, while there is room. */
export class ReturnLine {
  private readonly keeper: LineKeeper;
  private readonly target: OverflowEntry['target'];
  private readonly waiting = new IndexedHeap<HeldEntry>();
  private readonly stopping = new AbortController();
  /** The head, with what is on disk of it. */
  private head: { readonly held: HeldEntry; readonly entry: OverflowEntry } | undefined = undefined;
  private drained: Promise<void> | undefined = undefined;
  private readonly ending = new Set<Promise<void>>();
  private wake: (() => void) | undefined = undefined;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** What the line was last paused for was reported. */
  private isReported = false;

  constructor(keeper: LineKeeper, target: OverflowEntry['target']) {
    this.keeper = keeper;
    this.target = target;
  }

  push(held: HeldEntry): void {
    this.waiting.push(held);
    this.drained ??= this.drain();
  }

  /** Submits no more; resolves when what was submitted has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake?.();
    await this.drained;
    await Promise.all(this.ending);
  }

  private get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Never rejects. */
  private async drain(): Promise<void> {
    while (!this.isStopped && this.waiting.size > 0) {
      try {
        await this.step();
      } catch (error) {
        if (this.isStopped) break;
        // The engine is closing: close() comes, and the rest is for the next start.
        if (error instanceof EngineClosedError) this.stopping.abort();
        else this.pause(error);
      }
    }
    this.drained = undefined;
  }

  /** Waits for one thing, or submits one entry. */
  private async step(): Promise<void> {
    const { port, window, resumeLoad } = this.keeper;
    const pauseMs = this.pausedUntilMs - port.clock.now();
    if (pauseMs > 0) return this.wait(pauseMs);
    if (this.ending.size >= window) return this.wait(undefined);
    const held = this.waiting.peek()!;
    if (this.head?.held !== held) {
      const entry = await this.readHead(held);
      if (entry === undefined) return;
      this.head = { held, entry };
      // One of a higher priority may have come meanwhile.
      return;
    }
    await port.ready({ target: this.target, priority: held.priority }, this.stopping.signal);
    if (port.load(this.target) >= resumeLoad) return this.wait(LOOK_EVERY_MS);
    if (this.waiting.peek() === held) await this.submit(held, this.head.entry);
  }

  private async readHead(held: HeldEntry): Promise<OverflowEntry | undefined> {
    try {
      return await this.keeper.read(held);
    } catch (error) {
      this.waiting.remove(held);
      this.keeper.setAside(held, error);
      return undefined;
    }
  }

  private async submit(held: HeldEntry, entry: OverflowEntry): Promise<void> {
    const { port } = this.keeper;
    let outcome: Promise<Outcome> | undefined;
    try {
      outcome = port.submit(entry);
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code === 'UNKNOWN_AGENT') throw error;
      this.waiting.remove(held);
      this.keeper.setAside(held, error);
      return;
    }
    // Somebody else took the room. A limit that contradicts itself must not keep the event loop busy.
    if (outcome === undefined) return new Promise((resolve) => port.clock.defer(resolve));
    this.isReported = false;
    this.waiting.remove(held);
    this.head = undefined;
    const ending = outcome.then((ended) => this.settle(held, entry, ended));
    this.ending.add(ending);
    void ending.then(() => {
      this.ending.delete(ending);
      this.wake?.();
    });
  }

  private settle(held: HeldEntry, entry: OverflowEntry, outcome: Outcome): Promise<void> | undefined {
    const again = isStillToDo(outcome);
    if (!again) return this.keeper.ended(held, entry, outcome);
    if (outcome.status === 'cancelled') return undefined;
    this.pausedUntilMs = this.keeper.port.clock.now() + (again === 'soon' ? LOOK_EVERY_MS : RETRY_MS);
    this.push(held);
    return undefined;
  }

  /** Nobody serves the target now: an agent of that name may be registered, or switched on again. */
  private pause(error: unknown): void {
    const { port } = this.keeper;
    this.pausedUntilMs = port.clock.now() + RETRY_MS;
    if (!this.isReported) port.failed(error);
    this.isReported = true;
  }

  /** Until a task ends, the line is stopped, or so many milliseconds have gone by. */
  private wait(ms: number | undefined): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const { clock } = this.keeper.port;
      const done = () => {
        cancel?.();
        this.wake = undefined;
        resolve();
      };
      // In the background: what waits is safe on disk, and need not keep an engine alive that was never closed.
      const cancel = ms === undefined ? undefined : clock.schedule(ms, done, true);
      this.wake = done;
    });
  }
}

/** Whether the task was not done for reasons that are not its own, and when to try again. */
function isStillToDo(outcome: Outcome): 'soon' | 'later' | false {
  if (outcome.status === 'rejected' || outcome.status === 'cancelled') return 'soon';
  if (outcome.status === 'completed') return false;
  const { code } = outcome.error;
  if (code === 'UPSTREAM_BUSY') return 'soon';
  return code === 'AGENT_FAILED' || code === 'BREAKER_OPEN' || code === 'AGENT_REMOVED' ? 'later' : false;
}
