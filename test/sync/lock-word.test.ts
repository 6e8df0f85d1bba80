import { describe, expect, it } from 'vitest';
import {
  createLockWords,
  freeWord,
  nextVersion,
  takeWord,
  tryLock,
  tryUnlock,
} from '../../src/sync/lock-word.ts';
import { arbiterOf, settled, watched } from './parties.ts';

const word = { index: 3, version: 0 };

describe('a word of a mutex', () => {
  it('goes to one thread at a time, and back', () => {
    const words = createLockWords();
    expect(tryLock(words, word, 0)).toBe(true);
    expect(tryLock(words, word, 1_023)).toBe(false);
    expect(tryLock(words, word, 0)).toBe(false);
    expect(tryUnlock(words, word, 1_023)).toBe(false);
    expect(tryUnlock(words, word, 0)).toBe(true);
    expect(tryUnlock(words, word, 0)).toBe(false);
    expect(tryLock(words, word, 1_023)).toBe(true);
  });

  it('that the arbiter takes tells whose it was, and no thread gets it', () => {
    const words = createLockWords();
    tryLock(words, word, 1_023);
    expect(takeWord(words, word)).toBe(1_023);
    expect(takeWord(words, word)).toBeUndefined();
    expect(tryUnlock(words, word, 1_023)).toBe(false);
    expect(tryLock(words, word, 0)).toBe(false);
    freeWord(words, word);
    expect(tryLock(words, word, 0)).toBe(true);
  });

  it('that goes to another mutex is refused to who knows only of the first', () => {
    const words = createLockWords();
    takeWord(words, word);
    const other = nextVersion(words, word);
    freeWord(words, other);
    expect(tryLock(words, word, 0)).toBe(false);
    expect(tryLock(words, other, 0)).toBe(true);
    let last = other;
    for (let i = 0; i < 2 ** 19; i++) last = nextVersion(words, last);
    expect(last).toEqual(other);
  });
});

describe('the arbiter', () => {
  /** A mutex that has a word, which slot 5 has acquired by itself. */
  async function heldBySlot() {
    const { arbiter, party, lock } = arbiterOf();
    const onThread = party('on the thread');
    const shared = arbiter.shareWithThreads(() => onThread);
    const first = await lock(party('first'), 'm');
    shared.share(first.resource);
    const word = first.resource.word!;
    expect(tryLock(shared.words, word, 5)).toBe(false);
    first.release();
    expect(tryLock(shared.words, word, 5)).toBe(true);
    return { arbiter, shared, word, party, lock };
  }

  it('waits for what a thread has acquired by itself, and hands it on', async () => {
    const { arbiter, shared, word, party, lock } = await heldBySlot();
    const next = watched(lock(party('next'), 'm'));
    await settled();
    expect(next.state).toBe('waits');
    expect(tryUnlock(shared.words, word, 5)).toBe(false);
    shared.release(4, word.index, false);
    await settled();
    expect(next.state).toBe('waits');
    shared.release(5, word.index, false);
    await settled();
    expect(next.state).toBe('got');
    expect(arbiter.inspect().resources).toMatchObject([{ holders: [{ label: 'party "next"' }] }]);
  });

  it('frees what a dead thread had acquired by itself, and tells the next holder', async () => {
    const { shared, word, party, lock } = await heldBySlot();
    shared.slotDied(4);
    expect(tryLock(shared.words, word, 4)).toBe(false);
    shared.slotDied(5);
    // No thread gets it before somebody was told.
    expect(tryLock(shared.words, word, 4)).toBe(false);
    const next = await lock(party('next'), 'm');
    expect(next.recovered).toBe(true);
    next.release();
    expect(tryLock(shared.words, word, 4)).toBe(true);
  });

  it('finds a deadlock over what threads have acquired by themselves', async () => {
    const { shared, word, party, lock } = await heldBySlot();
    const [task, other] = [party('task'), party('other')];
    await lock(other, 'n');
    const waits = watched(lock(other, 'm'));
    await settled();
    shared.claim(task, 5, [word.index]);
    await expect(lock(task, 'n')).rejects.toMatchObject({ code: 'DEADLOCK' });
    shared.release(5, word.index, false);
    await settled();
    expect(waits.state).toBe('got');
  });

  it('forgets no mutex that a thread holds, and gives the word of one that it forgets to another', async () => {
    const { arbiter, party, lock } = arbiterOf({ maxNames: 1 });
    const shared = arbiter.shareWithThreads(() => party('on the thread'));
    const first = await lock(party('a'), 'm');
    shared.share(first.resource);
    const word = first.resource.word!;
    first.release();
    tryLock(shared.words, word, 5);
    await expect(lock(party('a'), 'other')).rejects.toMatchObject({ code: 'SYNC_LIMIT' });
    shared.release(5, word.index, false);
    const other = await lock(party('a'), 'other');
    shared.share(other.resource);
    expect(other.resource.word).toEqual({ index: word.index, version: word.version + 1 });
    other.release();
    expect(tryLock(shared.words, word, 5)).toBe(false);
    expect(tryLock(shared.words, other.resource.word!, 5)).toBe(true);
  });
});
