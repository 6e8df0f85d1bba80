import { Arbiter } from '../../src/sync/arbiter.ts';
import { Party } from '../../src/sync/party.ts';
import { ManualClock } from '../manual-clock.ts';

/** An arbiter under a clock that a test moves, and short ways to ask it. */
export function arbiterOf(bounds: { maxNames?: number; maxWaiters?: number } = {}) {
  const clock = new ManualClock();
  const arbiter = new Arbiter(clock, { maxNames: 10_000, maxWaiters: 10_000, ...bounds });
  return {
    clock,
    arbiter,
    party: (label: string) => new Party(undefined, label),
    lock: (party: Party, name: string, options?: { timeoutMs?: number; signal?: AbortSignal }) =>
      arbiter.acquire(party, 'mutex', name, 1, 1, options),
    permits: (party: Party, name: string, size: number, permits: number) =>
      arbiter.acquire(party, 'semaphore', name, size, permits, undefined),
    come: (
      party: Party,
      name: string,
      size: number,
      options?: { timeoutMs?: number; signal?: AbortSignal },
    ) => arbiter.wait(party, name, size, options),
  };
}

/** What a promise was settled with so far. */
export function watched<T>(promise: Promise<T>) {
  const seen: { state: 'waits' | 'got' | 'refused'; error: unknown } = { state: 'waits', error: undefined };
  promise.then(
    () => {
      seen.state = 'got';
    },
    (error: unknown) => {
      seen.state = 'refused';
      seen.error = error;
    },
  );
  return seen;
}

/** Follows all promises that are settled. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await undefined;
}
