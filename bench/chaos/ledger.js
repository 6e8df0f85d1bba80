/**
 * What the handlers themselves write down, in shared memory that no thread's death can take along. The engine knows
 * nothing of it. Plain JavaScript, so that threads of the built package load it as it is.
 */
import { openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { getEnvironmentData } from 'node:worker_threads';

/** Under this key the bench hands the memory to every thread that starts after it. */
export const LEDGER_KEY = 'spillway-chaos-ledger';
/** The environment variable by which child processes find their file: they share no memory. */
export const LEDGER_FILE = 'SPILLWAY_CHAOS_LEDGER';

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

  /** The one that the bench laid out for this thread, or for this child process. */
  static here() {
    const memory = getEnvironmentData(LEDGER_KEY);
    return memory === undefined ? new LedgerFile(process.env[LEDGER_FILE]) : new Ledger(memory);
  }

  /** Gives how often it was entered before. */
  begin(task) {
    return Atomics.add(this.begun, task, 1);
  }

  end(task) {
    Atomics.add(this.done, task, 1);
  }

  /** Adds what child processes wrote down. */
  addFile(path) {
    const bytes = readFileSync(path);
    const { length } = this.begun;
    for (let task = 0; task < length; task++) {
      this.begun[task] += bytes[task];
      this.done[task] += bytes[length + task];
    }
  }
}

/** The same in a file. A task is never in two processes at once, so reading and writing need no lock. */
export class LedgerFile {
  constructor(path) {
    this.file = openSync(path, 'r+');
    this.tasks = readFileSync(path).length / 2;
    this.byte = new Uint8Array(1);
  }

  /** Lays out an empty one. */
  static create(path, tasks) {
    writeFileSync(path, new Uint8Array(2 * tasks));
  }

  begin(task) {
    return this.count(task);
  }

  end(task) {
    this.count(this.tasks + task);
  }

  count(at) {
    readSync(this.file, this.byte, 0, 1, at);
    this.byte[0]++;
    writeSync(this.file, this.byte, 0, 1, at);
    return this.byte[0] - 1;
  }
}

/** What a task has to give: different for each, so that no task can pass with the value of another. */
export function answerOf(task) {
  return Math.imul(task ^ 0x5bd1e995, 0x27d4eb2f) >>> 0;
}
