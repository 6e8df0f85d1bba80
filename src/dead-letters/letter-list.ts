import type { DeadLetter, DeadLetterFilter } from '../contract/dead-letters.ts';
import { meetsFilter } from './letter.ts';
import type { KeptLetter, LetterStore } from './letter-store.ts';

export interface ListBounds {
  readonly limit: number;
  readonly ttlMs: number | undefined;
}

/** Which letters there are, oldest first: no more than the limit, and none older than its time. */
export class LetterList {
  private readonly bounds: ListBounds;
  private readonly wallNow: () => number;
  /** By their ids, in the order in which they came. */
  private readonly letters = new Map<string, KeptLetter>();
  readonly counts = { added: 0, dropped: 0, expired: 0 };
  store: LetterStore;

  constructor(bounds: ListBounds, store: LetterStore, wallNow: () => number) {
    this.bounds = bounds;
    this.store = store;
    this.wallNow = wallNow;
  }

  /** Takes over what was kept before. */
  adopt(store: LetterStore, kept: readonly KeptLetter[]): void {
    this.store = store;
    for (const one of kept) this.letters.set(one.letter.id, one);
    this.expire();
    this.trim();
  }

  get size(): number {
    this.expire();
    return this.letters.size;
  }

  get(id: string): KeptLetter | undefined {
    this.expire();
    return this.letters.get(id);
  }

  /** Oldest first. */
  find(filter: DeadLetterFilter): KeptLetter[] {
    this.expire();
    return [...this.letters.values()].filter(({ letter }) => meetsFilter(letter, filter));
  }

  /** Adds a letter, or puts it in the place of the one that has its id. Others go where there is no room. */
  put(letter: DeadLetter, input: unknown): void {
    this.expire();
    let before = this.letters.get(letter.id);
    if (before === undefined) this.counts.added++;
    this.letters.delete(letter.id);
    let kept = this.store.keep(letter, input);
    for (; kept === 'full'; kept = this.store.keep(letter, input)) {
      const oldest = this.letters.values().next().value;
      if (oldest !== undefined) this.drop(oldest);
      else if (before !== undefined) this.store.drop(before);
      else break;
      if (oldest === undefined) before = undefined;
    }
    if (kept === 'full') this.counts.dropped++;
    else this.letters.set(letter.id, kept);
    if (before !== undefined) this.store.drop(before);
    this.trim();
  }

  remove(id: string): boolean {
    const kept = this.letters.get(id);
    if (kept === undefined) return false;
    this.letters.delete(id);
    this.store.drop(kept);
    return true;
  }

  private trim(): void {
    while (this.letters.size > this.bounds.limit) this.drop(this.letters.values().next().value!);
  }

  private drop(kept: KeptLetter): void {
    this.remove(kept.letter.id);
    this.counts.dropped++;
  }

  /** They stand in the order in which they failed, so the oldest is the first. */
  private expire(): void {
    const { ttlMs } = this.bounds;
    if (ttlMs === undefined) return;
    const goneAtMs = this.wallNow() - ttlMs;
    for (const [id, { letter }] of this.letters) {
      if (letter.failedAtMs > goneAtMs) return;
      this.remove(id);
      this.counts.expired++;
    }
  }
}
