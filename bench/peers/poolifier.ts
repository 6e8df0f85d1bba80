import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { THREADS, type ThreadPeer } from './thread-pool.ts';

const SCRIPT = fileURLToPath(new URL('../handlers/poolifier-thread.js', import.meta.url));

/**
 * Poolifier without a queue: every task goes to a worker at once. Events are off; of its strategies LEAST_USED did best.
 * With its queue, stealing or not, it was slower in every case.
 */
export function poolifier(): ThreadPeer {
  return {
    name: 'poolifier',
    async open(handler) {
      let running = THREADS;
      let tellGone = () => {};
      const gone = new Promise<void>((resolve) => {
        tellGone = resolve;
      });
      const pool = new FixedThreadPool<unknown, unknown>(THREADS, SCRIPT, {
        enableEvents: false,
        workerChoiceStrategy: 'LEAST_USED',
        workerOptions: { workerData: { handler } },
        exitHandler: () => {
          if (--running === 0) tellGone();
        },
      });
      return {
        run: (input) => pool.execute(input),
        // `destroy` waits for ever for a worker that exits before it listens.
        close: () => Promise.race([pool.destroy(), gone]),
      };
    },
  };
}
