import { once } from 'node:events';
import { MessageChannel, type MessagePort, SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads';
import { workerEntry } from './worker-entry.ts';

/** How long the last child processes may take to end once they are killed, in milliseconds. */
const END_WITHIN_MS = 5_000;

/** The thread that child processes of isolated handlers belong to (`workers/nursery.ts`), from the first one on. */
export class Nursery {
  private worker: Worker | undefined = undefined;

  /** The way of one handler, on one thread, to its child process, which ends when the port is closed. */
  port(): MessagePort {
    this.worker ??= start();
    const { port1, port2 } = new MessageChannel();
    this.worker.postMessage(port1, [port1]);
    return port2;
  }

  /** To be called when the threads are dead. Resolves when no child process is left, not even as a zombie. */
  async close(): Promise<void> {
    const { worker } = this;
    if (worker === undefined) return;
    this.worker = undefined;
    worker.ref();
    worker.postMessage('close');
    const late = setTimeout(() => void worker.terminate(), END_WITHIN_MS);
    await once(worker, 'exit');
    clearTimeout(late);
  }
}

function start(): Worker {
  const { path, execArgv } = workerEntry('nursery');
  // Its children are to have the environment as it is when they start.
  const options: WorkerOptions = { eval: true, env: SHARE_ENV, ...(execArgv && { execArgv }) };
  const worker = new Worker(`require(${JSON.stringify(path)})`, options);
  worker.unref();
  return worker;
}
