import { Worker } from 'node:worker_threads';
import type { LoadTable } from '../../../src/load-table/layout.ts';

/** Indexes of the words by which the test steers a thread. */
export const CONTROL = { stop: 0, round: 1, done: 2, pauseAt: 3, struck: 4 } as const;

/** What a thread is to do. */
export type ThreadTask = { readonly table: LoadTable; readonly control: Int32Array } & (
  | { readonly role: 'hammer' }
  | { readonly role: 'take items'; readonly rounds: number; readonly marks: Int32Array }
  | { readonly role: 'await cancel'; readonly item: number }
);

/** A real thread at work. `result` is the number that it ends with; it rejects if the thread fails or is stopped. */
export interface RunningThread {
  readonly worker: Worker;
  /** As the load table knows it; the worker itself forgets it when it ends. */
  readonly threadId: number;
  readonly result: Promise<number>;
}

export function controlWords(): Int32Array {
  return sharedWords(Object.keys(CONTROL).length);
}

export function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

/** Starts a thread from its TypeScript source. */
export function startThread(task: ThreadTask): RunningThread {
  const worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData: task, execArgv: [] });
  const result = new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread ended with code ${code} and no result`)));
  });
  result.catch(() => undefined);
  return { worker, threadId: worker.threadId, result };
}

const LONGEST_WAIT_MS = 30_000;

/**
 * Waits until a control word has come to `value`. Looks hard at first, as being woken takes longer than a round.
 * @throws Error if the other side seems to be dead.
 */
export function awaitWord(words: Int32Array, at: number, value: number): void {
  for (let look = 0; look < 2000; look++) if (Atomics.load(words, at) >= value) return;
  for (let seen = Atomics.load(words, at); seen < value; seen = Atomics.load(words, at)) {
    if (Atomics.wait(words, at, seen, LONGEST_WAIT_MS) !== 'timed-out') continue;
    throw new Error(`control word ${at} stays ${seen} and does not come to ${value}`);
  }
}

/** Sets a control word and wakes who waits for it. */
export function setWord(words: Int32Array, at: number, value: number): void {
  Atomics.store(words, at, value);
  Atomics.notify(words, at);
}
