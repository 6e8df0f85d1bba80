import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { THREADS, type ThreadPeer } from './thread-pool.ts';

/** workerpool on threads, all started ahead. It has no setting for more than one task at a worker. */
export function workerpoolThreads(): ThreadPeer {
  return {
    name: 'workerpool',
    async open(handler) {
      const script = fileURLToPath(new URL('../handlers/workerpool-thread.js', import.meta.url));
      const pool = workerpool.pool(script, {
        workerType: 'thread',
        minWorkers: THREADS,
        maxWorkers: THREADS,
      });
      return {
        // Its promise is one of its own; the cases await it like any other.
        run: (input) => pool.exec(handler, [input]) as unknown as Promise<unknown>,
        close: async () => void (await pool.terminate(true)),
      };
    },
  };
}
