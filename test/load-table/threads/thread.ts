import { parentPort, threadId, workerData } from 'node:worker_threads';
import { SlotWriter } from '../../../src/load-table/writer.ts';
import { runBatches } from './known-course.ts';
import { awaitWord, CONTROL, setWord, type ThreadTask } from './thread-task.ts';

const task = workerData as ThreadTask;
const { table, control } = task;
const writer = SlotWriter.claim(table, threadId, 0)!;

/** Publishes as fast as it can until told to stop. Returns how many items it ran. */
function hammer(): number {
  let item = 0;
  while (Atomics.load(control, CONTROL.stop) === 0) item = runBatches(writer, table, item, 20);
  return item;
}

/**
 * In each round takes items from cell 0 until none is left, and marks each with the round. Stands still at the item
 * `pauseAt` until the other side has struck.
 */
function takeItems(rounds: number, marks: Int32Array): number {
  for (let round = 1; round <= rounds; round++) {
    awaitWord(control, CONTROL.round, round);
    const pauseAt = Atomics.load(control, CONTROL.pauseAt);
    for (let item = writer.take(0); item >= 0; item = writer.take(0)) {
      // An item that is taken twice shows as a mark of no round.
      marks[item] = marks[item] === round ? -round : round;
      if (item === pauseAt) awaitWord(control, CONTROL.struck, round);
    }
    setWord(control, CONTROL.done, round);
  }
  return rounds;
}

/** Runs an item that ends only when it is to be cancelled. Returns how often it looked. */
function awaitCancel(item: number): number {
  writer.start(0, 1, item, 0);
  let looks = 1;
  while (!writer.cancelRequested(0, item)) looks++;
  writer.finish(0, item, false, 1);
  return looks;
}

function run(): number {
  if (task.role === 'hammer') return hammer();
  if (task.role === 'take items') return takeItems(task.rounds, task.marks);
  return awaitCancel(task.item);
}

parentPort!.postMessage(run());
