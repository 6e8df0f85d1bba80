import type { Clock } from '../contract/clock.ts';
import type { ThreadHeap } from '../contract/stats.ts';
import type { ThreadLink } from './thread-link.ts';

/** Waits until the handlers on these threads, told to stop, have cleaned up, for at most `graceMs`. */
export async function drainThreads(
  links: readonly ThreadLink[],
  graceMs: number,
  clock: Clock,
): Promise<void> {
  await askThreads(links, (link) => link.control.drain(), graceMs, clock);
}

/** The threads' heaps, as they report them. */
export async function heapsOfThreads(
  links: readonly ThreadLink[],
  timeoutMs: number,
  clock: Clock,
): Promise<ThreadHeap[]> {
  const heaps = await askThreads(links, (link) => link.control.heap(), timeoutMs, clock);
  return links.map(({ slot, threadId }, i) => ({ slot, threadId, heap: heaps[i] }));
}

/** The answers; `undefined` for one that did not come in time, or never because the thread died. */
async function askThreads<T>(
  links: readonly ThreadLink[],
  question: (link: ThreadLink) => Promise<T>,
  timeoutMs: number,
  clock: Clock,
): Promise<(T | undefined)[]> {
  const answers: (T | undefined)[] = links.map(() => undefined);
  if (links.length === 0) return answers;
  const asked = links.map(async (link, i) => {
    answers[i] = await link.during(question(link));
  });
  let cancelTimer: () => void = () => undefined;
  const tooLate = new Promise<void>((resolve) => {
    cancelTimer = clock.schedule(timeoutMs, resolve);
  });
  await Promise.race([Promise.allSettled(asked), tooLate]);
  cancelTimer();
  // What comes later changes nothing.
  return answers.slice();
}
