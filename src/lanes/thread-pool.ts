import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ResourceLimits, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Hello, ThreadSetup } from '../contract/wire.ts';

/** What the pool tells the lane. */
export interface PoolEvents {
  hello(hello: Hello, worker: Worker): void;
  /** The last thread is dead, and Piscina starts no other: threads that die as they start make it give up. */
  extinct(error: unknown): void;
}

/**
 * The only file that knows Piscina, which starts the threads, keeps their number and replaces the dead. Batches do not
 * go through its queue: docs/ARCHITECTURE.md says why.
 */
export class ThreadPool {
  private readonly pool: Piscina;
  private readonly events: PoolEvents;
  private lastError: unknown = undefined;
  private closing = false;

  constructor(
    options: { readonly count: number; readonly resourceLimits?: ResourceLimits },
    setup: ThreadSetup,
    events: PoolEvents,
  ) {
    this.events = events;
    const entry = threadEntry();
    this.pool = new Piscina({
      filename: entry.href,
      minThreads: options.count,
      maxThreads: options.count,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // An idle thread has to answer on its channels, which a blocking wait would prevent.
      atomics: 'disabled',
      workerData: setup,
      ...(entry.execArgv && { execArgv: entry.execArgv }),
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
    });
    this.pool.on('message', (message: unknown) => this.receive(message));
    this.pool.on('error', (error: unknown) => {
      this.lastError = error;
    });
    // Once it has had the time to start another.
    this.pool.on('workerDestroy', () => queueMicrotask(() => this.count()));
  }

  /** Ends all threads, whatever they do. */
  async destroy(): Promise<void> {
    this.closing = true;
    await this.pool.destroy();
  }

  private count(): void {
    if (!this.closing && this.pool.threads.length === 0) this.events.extinct(this.lastError);
  }

  private receive(message: unknown): void {
    // A handler may post whatever it likes on its thread's own port.
    if (!isHello(message)) return;
    const worker = this.pool.threads.find((thread) => thread.threadId === message.threadId);
    // A thread that died before its first word was read is replaced by Piscina, and the new one says hello.
    if (worker !== undefined) this.events.hello(message, worker);
  }
}

/** The thread's module: CommonJS in the built package, which loads fastest; TypeScript, by tsx, from source. */
function threadEntry(): { readonly href: string; readonly execArgv?: string[] } {
  const built = new URL('../../workers/thread.cjs', import.meta.url);
  if (existsSync(fileURLToPath(built))) return { href: built.href };
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const source = new URL('../../workers/thread.ts', import.meta.url);
  return { href: source.href, execArgv: ['--import', pathToFileURL(tsx).href] };
}

function isHello(message: unknown): message is Hello {
  return (message as Partial<Hello> | null | undefined)?.hello === 'spillway';
}
