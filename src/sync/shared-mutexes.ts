import type { LockWordRef } from '../contract/lock-word-ref.ts';
import type { Hold } from './hold.ts';
import { createLockWords, freeWord, LOCK_WORDS, nextVersion, takeWord } from './lock-word.ts';
import type { Party } from './party.ts';
import type { Resource } from './resource.ts';

/** Makes the party that stands for whatever task runs on the thread of a slot. */
export type PartyOfSlot = (slot: number) => Party;

/** The arbiter's side of the mutexes that have a word in shared memory. */
export class SharedMutexes {
  readonly words = createLockWords();
  private readonly bySlot: PartyOfSlot;
  /** The mutex of each word. */
  private readonly mutexes: (Resource | undefined)[] = [];
  private readonly spare: LockWordRef[] = [];
  /** What a thread had acquired by itself when the arbiter took the word, by word. */
  private readonly adopted = new Map<number, { readonly slot: number; readonly hold: Hold }>();

  constructor(bySlot: PartyOfSlot) {
    this.bySlot = bySlot;
  }

  /** Gives a mutex a word, if there is one; it starts as the arbiter's. */
  share(mutex: Resource): void {
    if (mutex.kind !== 'mutex' || mutex.word !== undefined) return;
    const used =
      this.spare.pop() ?? (this.mutexes.length < LOCK_WORDS ? UNUSED(this.mutexes.length) : undefined);
    if (used === undefined) return;
    mutex.word = nextVersion(this.words, used);
    this.mutexes[mutex.word.index] = mutex;
  }

  /** From now on threads have to ask; what one of them has acquired by itself is known to the arbiter. */
  take(mutex: Resource): void {
    if (!mutex.isOpen) return;
    mutex.isOpen = false;
    const { word } = mutex;
    const slot = takeWord(this.words, word!);
    if (slot !== undefined) this.adopted.set(word!.index, { slot, hold: mutex.adopt(this.bySlot(slot)) });
  }

  /** Nobody holds it or waits for it: threads may acquire it by themselves. */
  open(mutex: Resource): void {
    // Only the arbiter can tell the next holder that the one before was cut short.
    if (mutex.word === undefined || mutex.isOpen || mutex.wasCutShort) return;
    mutex.isOpen = true;
    freeWord(this.words, mutex.word);
  }

  /** The mutex is forgotten. Its word, which is the arbiter's, goes to another. */
  unshare(mutex: Resource): void {
    if (mutex.word === undefined) return;
    this.mutexes[mutex.word.index] = undefined;
    this.spare.push(mutex.word);
    mutex.word = undefined;
  }

  /** A task that has to wait says what it had acquired by itself: these holds are its party's. */
  claim(party: Party, slot: number, words: readonly number[]): void {
    for (const index of words) {
      const mutex = this.mutexes[index];
      if (mutex === undefined) continue;
      this.take(mutex);
      const entry = this.adopted.get(index);
      if (entry?.slot === slot) entry.hold.moveTo(party);
      else if (!mutex.inUse) this.open(mutex);
    }
  }

  /**
   * A thread gives back what it had acquired by itself, but not by itself: the arbiter had taken the word, or is to know
   * that the task was cut short. Each such hold ends here or with its thread, and nowhere else.
   */
  release(slot: number, index: number, cutShort: boolean): void {
    const mutex = this.mutexes[index];
    if (mutex !== undefined) this.take(mutex);
    const entry = this.adopted.get(index);
    if (entry?.slot !== slot) {
      if (mutex?.inUse === false) this.open(mutex);
      return;
    }
    this.adopted.delete(index);
    if (cutShort) entry.hold.takeBack(true);
    else entry.hold.release();
  }

  /** The thread of a slot is dead: what it had acquired by itself is freed, and whoever is next is told. */
  slotDied(slot: number): void {
    this.takeAll();
    for (const [index, entry] of this.adopted) {
      if (entry.slot !== slot) continue;
      this.adopted.delete(index);
      entry.hold.takeBack(true);
    }
  }

  /** Makes known to the arbiter all that threads have acquired by themselves. */
  takeAll(): void {
    for (const mutex of this.mutexes) {
      if (mutex === undefined) continue;
      this.take(mutex);
      if (!mutex.inUse) this.open(mutex);
    }
  }
}

const UNUSED = (index: number): LockWordRef => ({ index, version: 0 });
