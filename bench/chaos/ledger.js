/**
 * What the handlers themselves write down, in shared memory that no thread's death can take along. The engine knows
 * nothing of it. Plain JavaScript, so that threads of the built package load it as it is.
 */
import { getEnvironmentData } from 'node:worker_threads';

/** Under this key the bench hands the memory to every thread that starts after it. */
export const LEDGER_KEY = 'spillway-chaos-ledger';

/** How often each task's handler was entered, and how often it came to its end. */
export class Ledger {
  /** @param {SharedArrayBuffer} memory two bytes for each task */
  constructor(memory) {
    const tasks = memory.byteLength / 2;
    this.memory = memory;
    this.begun = new Uint8Array(memory, 0, tasks);
    this.done = new Uint8Array(memory, tasks, tasks);
  }

  static of(tasks) {
    return new Ledger(new SharedArrayBuffer(2 * tasks));
  }

  /** The one that the bench laid out for this thread. */
  static here() {
    return new Ledger(getEnvironmentData(LEDGER_KEY));
  }

  begin(task) {
    Atomics.add(this.begun, task, 1);
  }

  end(task) {
    Atomics.add(this.done, task, 1);
  }
}

/** What a task has to give: different for each, so that no task can pass with the value of another. */
export function answerOf(task) {
  return Math.imul(task ^ 0x5bd1e995, 0x27d4eb2f) >>> 0;
}
