import type { LockWordRef } from '../src/contract/lock-word-ref.ts';
import { LOCK_WORDS, tryLock, tryUnlock } from '../src/sync/lock-word.ts';

/** The mutexes that this thread acquires by itself, without asking the main thread. */
export class ThreadLocks {
  private readonly words: Int32Array;
  private readonly slot: number;
  /** Words by the name of the mutex, as the arbiter has told them. */
  private readonly known = new Map<string, LockWordRef>();

  constructor(words: Int32Array, slot: number) {
    this.words = words;
    this.slot = slot;
  }

  /** The arbiter has said which word a mutex has, or that it has none. */
  learn(name: string, word: LockWordRef | undefined): void {
    if (word === undefined) {
      this.known.delete(name);
      return;
    }
    // Names come and go: what is forgotten is asked for again.
    if (this.known.size >= LOCK_WORDS) this.known.clear();
    this.known.set(name, word);
  }

  /** Its word, if the thread has it now. */
  acquire(name: string): LockWordRef | undefined {
    const word = this.known.get(name);
    return word !== undefined && tryLock(this.words, word, this.slot) ? word : undefined;
  }

  /** False if the arbiter has taken the word meanwhile, and is to be told. */
  release(word: LockWordRef): boolean {
    return tryUnlock(this.words, word, this.slot);
  }
}
