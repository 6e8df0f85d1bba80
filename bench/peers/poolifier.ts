import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { THREADS, type ThreadPeer } from './thread-pool.ts';

const SCRIPT = fileURLToPath(new URL('../handlers/poolifier-thread.js', import.meta.url));

/**
 * Poolifier without a queue: every task goes to a worker at once. Events are off; of its strategies LEAST_USED did best.
 * With its queue, stealing or not, it was slower in every case, and at times could not be destroyed.
 */
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
