import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { THREADS, type ThreadPeer } from './thread-pool.ts';

const SCRIPT = fileURLToPath(new URL('../handlers/poolifier-thread.js', import.meta.url));

/** Poolifier without a queue: every task goes to a worker at once. Events off; of its strategies, the cheapest. */
export function poolifier(): ThreadPeer {
  return {
    name: 'poolifier',
    async open(handler) {
      const pool = new FixedThreadPool<unknown, unknown>(THREADS, SCRIPT, {
        enableEvents: false,
        workerChoiceStrategy: 'LEAST_USED',
        workerOptions: { workerData: { handler } },
      });
      return { run: (input) => pool.execute(input), close: () => pool.destroy() };
    },
  };
}

/** Poolifier with its queue, which keeps so many tasks at a worker and lets idle workers steal. */
export function poolifierQueue(tasksPerWorker: number): ThreadPeer {
  return {
    name: `poolifier-queue-${tasksPerWorker}`,
    async open(handler) {
      const pool = new FixedThreadPool<unknown, unknown>(THREADS, SCRIPT, {
        enableEvents: false,
        workerChoiceStrategy: 'LEAST_USED',
        enableTasksQueue: true,
        tasksQueueOptions: { concurrency: tasksPerWorker, size: 1_000_000 },
        workerOptions: { workerData: { handler } },
      });
      return { run: (input) => pool.execute(input), close: () => pool.destroy() };
    },
  };
}
