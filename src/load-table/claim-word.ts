/**
 * The claim word of a batch cell: `end << 16 | next`. Items [0, next) are taken by the thread, [next, end) are not
 * started, and those from `end` on belong to the supervisor. Both sides move it by compareExchange alone, so an item
 * goes to exactly one of them. Atomics are seq-cst on every machine, so whoever sees a claim also sees what was
 * written before it. `end` is at most 32,767, so the word is never negative.
 */

const NEXT_BITS = 16;
const NEXT_MASK = 0xffff;

/** The word for `count` items, none of them started. */
export function openClaim(count: number): number {
  return count << NEXT_BITS;
}

/** How many items the thread has taken. */
export function takenItems(claim: number): number {
  return claim & NEXT_MASK;
}

/**
 * Takes the next item for the thread: its index, or -1 if none is left.
 *
 * The first look is a plain load, to save an atomic operation. It sees at least the opening of the cell, which came
 * before the batch's message; after that `next` is moved by this thread alone and `end` only falls. So an old value
 * can at worst promise an item that has been taken back, and then the exchange fails.
 */
export function takeItem(words: Int32Array, at: number): number {
  let claim = words[at]!;
  for (;;) {
    const next = claim & NEXT_MASK;
    if (next >= claim >>> NEXT_BITS) return -1;
    const seen = Atomics.compareExchange(words, at, claim, claim + 1);
    if (seen === claim) return next;
    claim = seen;
  }
}

/** Takes all items that are not started back from the thread. Returns how many the thread has taken. */
export function takeBackItems(words: Int32Array, at: number): number {
  let claim = Atomics.load(words, at);
  for (;;) {
    const next = claim & NEXT_MASK;
    const seen = Atomics.compareExchange(words, at, claim, (next << NEXT_BITS) | next);
    if (seen === claim) return next;
    claim = seen;
  }
}
