import type { Clock } from '../contract/clock.ts';
import type { ThreadLink } from './thread-link.ts';

/** How long a thread that loads a module too slowly may take to show that its event loop turns, in milliseconds. */
const ANSWER_MS = 1_000;

/** A module was not loaded in time. */
export class SlowStartError extends Error {
  /** Whether the module blocks the thread that loads it; one that merely waits leaves it fit for other work. */
  readonly isBlocked: boolean;
  constructor(startTimeoutMs: number, isBlocked: boolean) {
    const how = isBlocked ? 'it blocks the thread' : 'what it awaits does not come';
    super(`the module is not loaded after ${startTimeoutMs} ms: ${how}`);
    this.name = 'SlowStartError';
    this.isBlocked = isBlocked;
  }
}

/** What bounds the loading of a module. */
export interface StartBound {
  readonly clock: Clock;
  readonly startTimeoutMs: number;
  /** Of agents that name none, in milliseconds. */
  readonly stallMs: number | undefined;
  /** Whether the load table shows the thread to be running a task, which may keep it from loading anything. */
  isRunning(link: ThreadLink): boolean;
}

/**
 * Waits for a thread to load a module, for `startTimeoutMs`, and for as long again while a task keeps the thread from it
 * and after it has.
 * @throws SlowStartError if it takes longer.
 */
export async function loadedInTime<T>(link: ThreadLink, loading: Promise<T>, bound: StartBound): Promise<T> {
  const { clock, startTimeoutMs } = bound;
  let hadTimeAfter = false;
  for (;;) {
    if (await endsWithin(loading, startTimeoutMs, clock)) return loading;
    const wasRunning = bound.isRunning(link);
    const answers = await endsWithin(link.control.heap(), ANSWER_MS, clock);
    // Another module may have cost the thread; that it dies is the caller's to notice.
    if (link.state === 'dying' || link.state === 'dead' || (await endsWithin(loading, 0, clock)))
      return loading;
    // A task that has ended just now may have kept the thread from it until then; one that waits does not.
    const isExcused = answers ? wasRunning && !hadTimeAfter : wasRunning || bound.isRunning(link);
    if (!isExcused) throw new SlowStartError(startTimeoutMs, !answers);
    hadTimeAfter = answers;
  }
}

/** Whether a promise settles within so many milliseconds. */
async function endsWithin(promise: Promise<unknown>, limitMs: number, clock: Clock): Promise<boolean> {
  let cancelTimer: () => void = () => undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    cancelTimer = clock.schedule(limitMs, () => resolve(false), true);
  });
  const ended = promise.then(
    () => true,
    () => true,
  );
  const isEnded = await Promise.race([ended, tooLate]);
  cancelTimer();
  return isEnded;
}
