import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicNowMs } from '../../src/contract/clock.ts';
import type { UpstreamOptions } from '../../src/upstream/options.ts';
import { serveUpstream } from '../../src/upstream/server.ts';

/** Options that take no time. */
export const INSTANT = { baseMs: 0, promptTokenMs: 0, outputTokenMs: 0, jitterSigma: 0 } as const;

/** Serves the upstream in this process, on real sockets. */
export function serve(options: UpstreamOptions = {}) {
  return serveUpstream(
    { ...INSTANT, ...options },
    {
      now: monotonicNowMs,
      wallNow: Date.now,
      sleep: (delayMs, signal) => sleep(delayMs, undefined, signal === undefined ? {} : { signal }),
    },
  );
}
