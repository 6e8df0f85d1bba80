import { pathToFileURL } from 'node:url';
import type { ResourceLimits, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Hello, ThreadSetup } from '../contract/wire.ts';
import { type WorkerEntry, workerEntry } from './worker-entry.ts';

/** What the pool tells the lane. */
export interface PoolEvents {
  hello(hello: Hello, worker: Worker): void;
  /** A thread is dead whose first word was not heard. */
  unheard(threadId: number): void;
  /** The last thread is dead, and Piscina starts no other: threads that die as they start make it give up. */
  extinct(error: unknown): void;
}

/**
 * The only file that knows Piscina, which starts the threads, keeps their number and replaces the dead. Batches do not
 * go through its queue: docs/ARCHITECTURE.md says why.
 */
export class ThreadPool {
  /** The threads that stay. */
  private readonly base: Piscina;
  /** One pool for each thread beyond: Piscina itself starts threads by its own queue alone. */
  private readonly extras = new Set<Piscina>();
  private readonly poolOf = new WeakMap<Worker, Piscina>();
  private readonly watched = new WeakSet<Worker>();
  private readonly make: (count: number) => Piscina;
  private readonly events: PoolEvents;
  /** One thread more than take work has been started, to stand by. */
  hasSpare = false;
  /** How often one was started to stand by. */
  standIns = 0;
  private lastError: unknown = undefined;
  private closing = false;

  constructor(
    options: { readonly count: number; readonly resourceLimits?: ResourceLimits },
    setup: ThreadSetup,
    events: PoolEvents,
  ) {
    this.events = events;
    const entry = workerEntry('thread');
    this.make = (count) => this.start(count, entry, options.resourceLimits, setup);
    this.base = this.make(options.count);
  }

  /** Threads that are to take work, the dead ones that are being replaced included. */
  get size(): number {
    return this.base.options.minThreads + this.extras.size - (this.hasSpare ? 1 : 0);
  }

  /** Starts one that is to stand by; or, if it is not wanted any more, all are to take work. */
  standBy(isWanted: boolean): void {
    this.hasSpare = isWanted;
    if (!isWanted) return;
    this.standIns++;
    this.grow();
  }

  /** Starts one thread more. */
  grow(): void {
    this.extras.add(this.make(1));
  }

  /** Whether the thread is one of those that came later. */
  maySpare(worker: Worker): boolean {
    return this.extras.has(this.poolOf.get(worker)!);
  }

  /** The thread no longer counts: it is to end. */
  spare(worker: Worker): void {
    this.extras.delete(this.poolOf.get(worker)!);
  }

  /** A thread that was spared counts again. */
  keep(worker: Worker): void {
    this.extras.add(this.poolOf.get(worker)!);
  }

  /** Ends a thread that was spared, and whoever would take its place. */
  end(worker: Worker): void {
    void this.poolOf.get(worker)!.destroy();
  }

  private start(
    count: number,
    entry: WorkerEntry,
    resourceLimits: ResourceLimits | undefined,
    setup: ThreadSetup,
  ): Piscina {
    const pool = new Piscina({
      filename: pathToFileURL(entry.path).href,
      minThreads: count,
      maxThreads: count,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // An idle thread has to answer on its channels, which a blocking wait would prevent.
      atomics: 'disabled',
      workerData: setup,
      ...(entry.execArgv && { execArgv: entry.execArgv }),
      ...(resourceLimits && { resourceLimits }),
    });
    pool.on('message', (message: unknown) => this.receive(message, pool));
    pool.on('error', (error: unknown) => {
      this.lastError = error;
    });
    // Once it has had the time to start another.
    pool.on('workerDestroy', () =>
      queueMicrotask(() => {
        this.watch(pool);
        this.count(pool);
      }),
    );
    this.watch(pool);
    return pool;
  }

  /** A thread may end before its first word is read: whoever takes care of threads would not know of it. */
  private watch(pool: Piscina): void {
    for (const worker of pool.threads) {
      if (this.watched.has(worker)) continue;
      this.watched.add(worker);
      const { threadId } = worker;
      worker.once('exit', () => {
        if (!this.poolOf.has(worker)) this.events.unheard(threadId);
      });
    }
  }

  /** Ends all threads, whatever they do. */
  async destroy(): Promise<void> {
    this.closing = true;
    await Promise.all([this.base, ...this.extras].map((pool) => pool.destroy()));
  }

  /** A pool has lost a thread. One of those that came later may go for good, the others may not. */
  private count(pool: Piscina): void {
    if (this.closing || pool.threads.length > 0) return;
    if (pool === this.base) this.events.extinct(this.lastError);
    // As many are to take work as before: the one that was to stand by makes up for it, or was it itself.
    else if (this.extras.delete(pool)) this.hasSpare = false;
  }

  private receive(message: unknown, pool: Piscina): void {
    // A handler may post whatever it likes on its thread's own port.
    if (!isHello(message)) return;
    const worker = pool.threads.find((thread) => thread.threadId === message.threadId);
    // A thread that died before its first word was read is replaced by Piscina, and the new one says hello.
    if (worker === undefined) return;
    this.poolOf.set(worker, pool);
    this.events.hello(message, worker);
  }
}

function isHello(message: unknown): message is Hello {
  return (message as Partial<Hello> | null | undefined)?.hello === 'spillway';
}
