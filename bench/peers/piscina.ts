import { fileURLToPath } from 'node:url';
import { FixedQueue, Piscina } from 'piscina';
import { THREADS, type ThreadPeer, WORK_FILE } from './thread-pool.ts';

/**
 * Piscina with so many tasks at a worker. Beside the defaults: its fastest queue, no histograms of its own, and no
 * thread comes or goes.
 */
export function piscina(tasksPerWorker: number): ThreadPeer {
  return {
    name: `piscina-${tasksPerWorker}`,
    async open(handler) {
      const pool = new Piscina({
        filename: fileURLToPath(WORK_FILE),
        name: handler,
        minThreads: THREADS,
        maxThreads: THREADS,
        idleTimeout: Number.POSITIVE_INFINITY,
        concurrentTasksPerWorker: tasksPerWorker,
        atomics: 'sync',
        taskQueue: new FixedQueue(),
        recordTiming: false,
      });
      return { run: (input) => pool.run(input), close: () => pool.destroy() };
    },
  };
}

/** Piscina as it comes, but for the number of threads. */
export function piscinaDefault(): ThreadPeer {
  return {
    name: 'piscina',
    async open(handler) {
      const pool = new Piscina({
        filename: fileURLToPath(WORK_FILE),
        name: handler,
        minThreads: THREADS,
        maxThreads: THREADS,
      });
      return { run: (input) => pool.run(input), close: () => pool.destroy() };
    },
  };
}
