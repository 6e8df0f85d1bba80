import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';
import { THREADS, type ThreadPeer, WORK_FILE } from './thread-pool.ts';

/** Tinypool with so many tasks at a worker; Atomics on, workers kept. */
export function tinypool(tasksPerWorker: number): ThreadPeer {
  return {
    name: `tinypool-${tasksPerWorker}`,
    async open(handler) {
      const pool = new Tinypool({
        filename: fileURLToPath(WORK_FILE),
        name: handler,
        runtime: 'worker_threads',
        minThreads: THREADS,
        maxThreads: THREADS,
        concurrentTasksPerWorker: tasksPerWorker,
        useAtomics: true,
        isolateWorkers: false,
      });
      return { run: (input) => pool.run(input), close: () => pool.destroy() };
    },
  };
}
