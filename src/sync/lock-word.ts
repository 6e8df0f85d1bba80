import type { LockWordRef } from '../contract/lock-word-ref.ts';

/**
 * Mutexes in shared memory: one word for each, so that a thread acquires a free one, and releases one for which nobody
 * waits, without asking the main thread.
 *
 * ```
 * word │ version: 19 bits │ 0 │ owner: 11 bits │
 *
 * owner    0          free
 *          1 to 1,024 held by the task that runs on the thread of load-table slot owner - 1
 *          2,047      the arbiter's: it says who holds it, threads have to ask
 * ```
 *
 * All writes are Atomics.compareExchange, but for the two by which the arbiter gives up a word that is its own. A thread
 * changes 0 to its own number and back; the arbiter changes either to 2,047 and later back to 0. So whoever has changed
 * it to its own value is the one holder, and says so by that same step: a thread that dies at any moment has either not
 * acquired it or left its number there.
 *
 * While somebody waits the word is the arbiter's, and all who come have to ask: nobody gets past the line. A word that
 * goes to another mutex gets the next version, on which what threads still know of the old one fails.
 */
export const LOCK_WORDS = 1_024;
/** Words of two mutexes do not share a cache line; see load-table/layout.ts. */
const STRIDE = 32;
const OWNER_MASK = 0x7ff;
const VERSION_SHIFT = 12;
const VERSIONS = 2 ** 19;
const FREE = 0;
const ARBITER = 0x7ff;

export function createLockWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * STRIDE * (LOCK_WORDS + 1)));
}

/** Changes a free word to the thread's number; whether it did. */
export function tryLock(words: Int32Array, { index, version }: LockWordRef, slot: number): boolean {
  const free = version << VERSION_SHIFT;
  return Atomics.compareExchange(words, index * STRIDE, free, free | (slot + 1)) === free;
}

/** Changes a word that the thread holds to free; false if the arbiter has taken the word meanwhile. */
export function tryUnlock(words: Int32Array, { index, version }: LockWordRef, slot: number): boolean {
  const free = version << VERSION_SHIFT;
  const held = free | (slot + 1);
  return Atomics.compareExchange(words, index * STRIDE, held, free) === held;
}

/** The arbiter takes a word. Gives the slot whose task holds it, or `undefined` if it is free or was the arbiter's. */
export function takeWord(words: Int32Array, { index }: LockWordRef): number | undefined {
  for (;;) {
    const word = Atomics.load(words, index * STRIDE);
    const owner = word & OWNER_MASK;
    if (owner === ARBITER) return undefined;
    const taken = (word & ~OWNER_MASK) | ARBITER;
    if (Atomics.compareExchange(words, index * STRIDE, word, taken) === word)
      return owner === FREE ? undefined : owner - 1;
  }
}

/** The arbiter gives up a word that nobody holds. */
export function freeWord(words: Int32Array, { index, version }: LockWordRef): void {
  Atomics.store(words, index * STRIDE, version << VERSION_SHIFT);
}

/** The arbiter keeps a word that it has taken, for another mutex: what threads know of it no longer holds. */
export function nextVersion(words: Int32Array, { index, version }: LockWordRef): LockWordRef {
  const next = { index, version: (version + 1) % VERSIONS };
  Atomics.store(words, index * STRIDE, (next.version << VERSION_SHIFT) | ARBITER);
  return next;
}
