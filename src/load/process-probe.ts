import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { ReportInterval } from '../report/report.ts';

/** What a process says of itself. */
export type ProcessReading = Pick<
  ReportInterval,
  'loopDelayMs' | 'loopUtilization' | 'rssBytes' | 'heapUsedBytes'
>;

/** Reads it, interval by interval. */
export interface ProcessProbe {
  /** Delay and utilization are of the time since the reading before. */
  read(): ProcessReading;
  stop(): void;
}

/** How often the event loop is asked, in milliseconds; what comes on top of that is delay. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

/** The probe of this process. */
export function processProbe(): ProcessProbe {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let before = performance.eventLoopUtilization();
  // Its figures include the resolution; an empty histogram's are meaningless.
  const delayMs = (ns: number): number =>
    delay.count === 0 ? 0 : Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
  return {
    read() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      const loopDelayMs = {
        p50: delayMs(delay.percentile(50)),
        p99: delayMs(delay.percentile(99)),
        max: delayMs(delay.max),
      };
      delay.reset();
      const { rss, heapUsed } = process.memoryUsage();
      return { loopDelayMs, loopUtilization: utilization, rssBytes: rss, heapUsedBytes: heapUsed };
    },
    stop() {
      delay.disable();
    },
  };
}
