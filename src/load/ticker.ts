import type { Clock } from '../contract/clock.ts';

/** Calls `fn` at `startMs` and then every `periodMs`, without drifting, until the returned function is called. */
export function tickEvery(clock: Clock, startMs: number, periodMs: number, fn: () => void): () => void {
  let dueMs = startMs;
  let cancel: () => void;
  const arm = (): void => {
    cancel = clock.schedule(Math.max(0, dueMs - clock.now()), tick);
  };
  const tick = (): void => {
    // A timer may be a little early. After a stall the ticks that were missed are not made up for.
    do dueMs += periodMs;
    while (dueMs <= clock.now());
    arm();
    fn();
  };
  arm();
  return () => cancel();
}

/**
 * Resolves at `atMs` of the clock, or earlier when `done` is called, which `watch` is given. Rejects with the signal's
 * reason when it aborts.
 */
export function until(
  clock: Clock,
  atMs: number,
  signal: AbortSignal | undefined,
  watch?: (done: () => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    const cancel = clock.schedule(Math.max(0, atMs - clock.now()), done);
    if (signal?.aborted) onAbort();
    else {
      signal?.addEventListener('abort', onAbort, { once: true });
      watch?.(done);
    }
  });
}
