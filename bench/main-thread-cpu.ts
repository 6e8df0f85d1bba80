import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/**
 * CPU time of the main thread so far, in milliseconds. Linux tells it for each thread, and the main one has the number
 * of the process; newer Node.js has a call. Where neither is there, the time in which the event loop was not idle
 * stands in, which counts a little too much.
 */
export function mainThreadCpuMs(): number {
  if (!isMainThread) throw new Error('mainThreadCpuMs: to be called on the main thread');
  const usage = (process as { threadCpuUsage?: () => { user: number; system: number } }).threadCpuUsage?.();
  if (usage !== undefined) return (usage.user + usage.system) / 1000;
  const onCpuNs = readSchedulerNs();
  return onCpuNs === undefined ? performance.eventLoopUtilization().active : onCpuNs / 1e6;
}

function readSchedulerNs(): number | undefined {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
