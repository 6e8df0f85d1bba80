import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ResourceLimits, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { BatchMessage, Hello, Reply, ThreadSetup } from '../contract/wire.ts';

/** What the pool tells the lane. */
export interface PoolEvents {
  hello(hello: Hello, worker: Worker): void;
  reply(reply: Reply): void;
  /** A batch could not be sent, or its thread died; the thread's own end is noticed elsewhere. */
  failed(message: BatchMessage, error: unknown): void;
  /** A thread died that had no batch. */
  broken(error: unknown): void;
}

/** The only file that knows Piscina: starts its threads, and sends each batch to the thread that was chosen. */
export class ThreadPool {
  private readonly pool: Piscina;
  private readonly events: PoolEvents;
  private targetThreadId = -1;

  constructor(
    options: {
      readonly count: number;
      readonly batchesPerThread: number;
      readonly resourceLimits?: ResourceLimits;
    },
    setup: ThreadSetup,
    events: PoolEvents,
  ) {
    this.events = events;
    const entry = threadEntry();
    this.pool = new Piscina({
      filename: entry.href,
      minThreads: options.count,
      maxThreads: options.count,
      concurrentTasksPerWorker: options.batchesPerThread,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // An idle thread has to answer on its control channel, which a blocking wait would prevent.
      atomics: 'disabled',
      workerData: setup,
      ...(entry.execArgv && { execArgv: entry.execArgv }),
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
      // The load table has chosen; a thread that is gone since makes Piscina take any, which hands the batch back.
      loadBalancer: (_task, workers) =>
        workers.find((worker) => worker.id === this.targetThreadId) ?? workers[0] ?? null,
    });
    this.pool.on('message', (message: unknown) => this.receive(message));
    this.pool.on('error', (error: unknown) => this.events.broken(error));
  }

  /** Sends a batch to a thread. */
  send(threadId: number, message: BatchMessage, transfer: readonly object[] | undefined): void {
    this.targetThreadId = threadId;
    this.pool.run(message, transfer && { transferList: transfer as never }).then(
      // Piscina takes an error of `null`, which a payload's getter may throw, for none.
      (reply: Reply | undefined) =>
        reply === undefined ? this.events.failed(message, null) : this.events.reply(reply),
      (error: unknown) => this.events.failed(message, error),
    );
  }

  /** Ends all threads, whatever they do. */
  async destroy(): Promise<void> {
    await this.pool.destroy();
  }

  private receive(message: unknown): void {
    // A handler may post whatever it likes on its thread's own port.
    if (isReply(message)) this.events.reply(message);
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

function isReply(message: unknown): message is Reply {
  const reply = message as Partial<Reply> | null | undefined;
  return typeof reply?.batch === 'number' && typeof reply.slot === 'number' && typeof reply.cell === 'number';
}
