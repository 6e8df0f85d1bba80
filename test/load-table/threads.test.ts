import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { BUCKET_COUNT, bucketIndex } from '../../src/load-table/latency-buckets.ts';
import { createLoadTable, type LoadTable } from '../../src/load-table/layout.ts';
import { emptyPicture, LoadTableReader, type SlotPicture } from '../../src/load-table/reader.ts';
import { expectedPicture, itemTookMs } from './threads/known-course.ts';
import {
  awaitWord,
  CONTROL,
  controlWords,
  type RunningThread,
  setWord,
  sharedWords,
  startThread,
  type ThreadTask,
} from './threads/thread-task.ts';

const READS = 20_000;
const READS_PER_TURN = 500;
const MOST_LOOKS = 100_000_000;

const threads: RunningThread[] = [];

afterEach(async () => {
  await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()));
});

function start(task: ThreadTask): RunningThread {
  const thread = startThread(task);
  threads.push(thread);
  return thread;
}

/** Lets the event loop turn until `isSo`, or a thread fails. */
async function until(isSo: () => boolean, running: readonly RunningThread[]): Promise<void> {
  const failure = Promise.race(running.map(({ result }) => result));
  while (!isSo()) await Promise.race([nextTurn(), failure]);
}

/** What in a picture does not belong to one moment of the course. */
function faults(table: LoadTable, seen: SlotPicture): string[] {
  const expected = expectedPicture(table, seen);
  return (Object.keys(expected) as (keyof SlotPicture)[])
    .filter((key) => seen[key] !== expected[key])
    .map(
      (key) => `${key} is ${seen[key]}, not ${expected[key]}, after ${seen.completed + seen.failed} items`,
    );
}

/** How many of the first `items` items of the course fall into each bucket. */
function expectedCounts(items: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let item = 0; item < items; item++) {
    const index = bucketIndex(Math.floor(itemTookMs(item) * 1e6 + 0.5));
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return counts;
}

describe('with threads that publish as fast as they can', () => {
  test('no picture is ever torn or goes back, and no count is lost', async () => {
    const table = createLoadTable({ slots: 3, cellsPerSlot: 3, batchTasks: 16 });
    const reader = new LoadTableReader(table);
    const control = controlWords();
    const hammers = [1, 2].map(() => start({ table, control, role: 'hammer' }));
    const pictures: SlotPicture[] = [];
    await until(
      () => reader.readAll(pictures) === 2 && pictures.every(({ completed }) => completed > 0),
      hammers,
    );

    const found: string[] = [];
    const endedBefore = [0, 0];
    const moments = new Set<number>();
    for (let read = 0; read < READS; read++) {
      if (read % 2 === 0) expect(reader.readAll(pictures)).toBe(2);
      else for (const picture of pictures) reader.read(picture.slot, picture);
      for (const [i, picture] of pictures.entries()) {
        found.push(...faults(table, picture));
        const ended = picture.completed + picture.failed;
        if (ended < endedBefore[i]!)
          found.push(`slot ${i} went back from ${endedBefore[i]} to ${ended} items`);
        endedBefore[i] = ended;
        moments.add(ended);
      }
      if (found.length > 10) break;
      if (read % READS_PER_TURN === 0) await nextTurn();
    }
    expect(found).toEqual([]);
    // Otherwise the threads stood still and nothing was shown.
    expect(moments.size).toBeGreaterThan(10);

    Atomics.store(control, CONTROL.stop, 1);
    const ran = await Promise.all(hammers.map(({ result }) => result));
    for (const { threadId, slot } of pictures) {
      const items = ran[hammers.findIndex((hammer) => hammer.threadId === threadId)]!;
      const last = reader.read(slot, emptyPicture(slot));
      expect(faults(table, last)).toEqual([]);
      expect(last.completed + last.failed).toBe(items);
      const latency = reader.latency(slot).copy();
      const counts = expectedCounts(items);
      expect(latency.count).toBe(items);
      expect([...latency.cells.subarray(0, BUCKET_COUNT)].filter((n) => n > 0)).toHaveLength(counts.size);
      for (const [index, count] of counts) expect(latency.cells[index]).toBe(count);
      expect(reader.latency(slot).count).toBe(items);
    }
  });

  test('a thread that is killed leaves its last picture whole, and its slot to the next thread', async () => {
    const table = createLoadTable({ slots: 1, cellsPerSlot: 2, batchTasks: 32 });
    const reader = new LoadTableReader(table);
    const picture = emptyPicture(0);
    for (let life = 0; life < 4; life++) {
      const hammer = start({ table, control: controlWords(), role: 'hammer' });
      await until(() => reader.read(0, picture).completed > 1000 * life + 1, [hammer]);
      await hammer.worker.terminate();
      reader.read(0, picture);
      const ended = picture.completed + picture.failed;
      expect(picture.threadId).toBe(hammer.threadId);
      expect(faults(table, picture)).toEqual([]);
      // The thread may have died between counting a sample and publishing it.
      expect(reader.latency(0).copy().count - ended).toBeOneOf([0, 1]);
      reader.release(0);
      expect(reader.read(0, picture)).toEqual(emptyPicture(0));
    }
  });
});

test('every item is taken once, by the thread or back from it, however they fight for them', async () => {
  const count = 64;
  const rounds = 10_000;
  const table = createLoadTable({ slots: 1, cellsPerSlot: 1, batchTasks: count });
  const reader = new LoadTableReader(table);
  const control = controlWords();
  const marks = sharedWords(count);
  const taker = start({ table, control, role: 'take items', rounds, marks });
  await until(() => reader.readAll([]) === 1, [taker]);

  const wrong: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    // Another point of the batch in each round. In every fourth the thread stands still there; in the others it
    // runs on, and where the strike falls is left to chance.
    const point = (round * 619) % (count - 1);
    const isPaused = round % 4 === 0;
    Atomics.store(control, CONTROL.pauseAt, isPaused ? point : -1);
    reader.openCell(0, 0, count);
    setWord(control, CONTROL.round, round);
    for (let look = 0; reader.startedItems(0, 0) <= point; look++) {
      if (look > MOST_LOOKS) throw new Error(`round ${round}: the thread never came to item ${point}`);
    }
    const kept = reader.takeBack(0, 0);
    setWord(control, CONTROL.struck, round);
    awaitWord(control, CONTROL.done, round);

    if (isPaused && kept !== point + 1) wrong.push(`round ${round}: ${kept} kept, not ${point + 1}`);
    if (reader.startedItems(0, 0) !== kept) wrong.push(`round ${round}: the thread took more than ${kept}`);
    for (let item = 0; item < count; item++) {
      if ((marks[item] === round) !== item < kept) {
        wrong.push(`round ${round}: item ${item} of ${kept} kept is marked ${marks[item]}`);
      }
    }
  }
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(await taker.result).toBe(rounds);
});

test('an item that is being computed sees the request to cancel it', async () => {
  const table = createLoadTable({ slots: 1, cellsPerSlot: 1, batchTasks: 8 });
  const reader = new LoadTableReader(table);
  reader.openCell(0, 0, 8);
  const thread = start({ table, control: controlWords(), role: 'await cancel', item: 5 });
  await until(() => reader.read(0, emptyPicture(0)).cursor === 5, [thread]);
  reader.requestCancel(0, 0, 4);
  expect(reader.read(0, emptyPicture(0)).cursor).toBe(5);
  reader.requestCancel(0, 0, 5);
  expect(await thread.result).toBeGreaterThan(0);
  expect(reader.read(0, emptyPicture(0))).toMatchObject({ cursor: -1, failed: 1 });
});
