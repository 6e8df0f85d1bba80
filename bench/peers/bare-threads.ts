import { Worker } from 'node:worker_threads';
import { THREADS } from './thread-pool.ts';

/** Two busy cores and nothing else: each thread gets its list in one message and works it off. */
export interface BareThreads {
  /** Resolves with the results, in the order of `inputs`. */
  spinAll(inputs: readonly number[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

export function openBareThreads(): BareThreads {
  const script = new URL('../handlers/busy-thread.js', import.meta.url);
  const workers = Array.from({ length: THREADS }, () => new Worker(script));
  return {
    async spinAll(inputs) {
      const shares = workers.map((_, at) => inputs.filter((_, index) => index % workers.length === at));
      const answers = await Promise.all(workers.map((worker, at) => ask(worker, shares[at] as number[])));
      return inputs.map(
        (_, index) => answers[index % workers.length]?.[Math.floor(index / workers.length)] ?? Number.NaN,
      );
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function ask(worker: Worker, list: readonly number[]): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (results: readonly number[]) => {
      worker.off('error', reject);
      resolve(results);
    });
    worker.postMessage(list);
  });
}
