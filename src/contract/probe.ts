import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** How the process is doing. */
export interface Health {
  /** By how much the event loop was late since the last reading, 99 % of the time at most, in milliseconds. */
  readonly loopDelayP99Ms: number;
  /** Share of the time since the last reading that the event loop was busy, 0 to 1. */
  readonly loopUtilization: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly rssBytes: number;
}

/** Reads how the process is doing; each reading starts anew. */
export type Probe = () => Health;

/** How often the delay of the event loop is sampled, in milliseconds. */
const RESOLUTION_MS = 10;

/** The probe of this process. Like the clock, it comes in by argument everywhere else. */
export function systemProbe(): Probe {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    // What is measured is the time between two samples.
    const lateNs = Math.max(0, delay.percentile(99) - RESOLUTION_MS * 1e6);
    const loopDelayP99Ms = delay.count > 0 ? lateNs / 1e6 : 0;
    delay.reset();
    const heap = getHeapStatistics();
    return {
      loopDelayP99Ms,
      loopUtilization: utilization,
      heapUsedBytes: heap.used_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      rssBytes: process.memoryUsage.rss(),
    };
  };
}
