/** Handlers of the chaos bench's CPU agents. Each writes down that it began, and that it came to its end. */
import { answerOf, Ledger } from './ledger.js';

const ledger = Ledger.here();
/** What the leaking agent never lets go of, as long as its thread lives. */
const leaked = [];
const LEAK_BYTES = 16_384;

/** Returns at once: travels in batches. */
export function tiny(task) {
  ledger.begin(task);
  const value = answerOf(task);
  ledger.end(task);
  return value;
}

/** Returns an object made from an object. */
export function text({ task, words }) {
  ledger.begin(task);
  const value = { value: answerOf(task), words: [...words].reverse() };
  ledger.end(task);
  return value;
}

/** Keeps its core busy for a while. */
export function spin({ task, steps }) {
  ledger.begin(task);
  let hash = 0x811c9dc5;
  for (let step = 0; step < steps; step++) hash = Math.imul(hash ^ step, 0x01000193);
  ledger.end(task);
  return { value: answerOf(task), hash: hash >>> 0 };
}

/** Throws. */
export function fail(task) {
  ledger.begin(task);
  ledger.end(task);
  throw new RangeError(`task ${task} fails on purpose`);
}

/** Gives what no thread can send. */
export function odd(task) {
  ledger.begin(task);
  ledger.end(task);
  return () => task;
}

/** Keeps memory outside of the heap, where no limit of the thread sees it. */
export function leak(task) {
  ledger.begin(task);
  leaked.push(Buffer.alloc(LEAK_BYTES, 1));
  const value = answerOf(task);
  ledger.end(task);
  return value;
}

/** Goes on until it is told to stop. */
export async function polite(task, ctx) {
  ledger.begin(task);
  while (!ctx.cancelled) await new Promise((resolve) => setImmediate(resolve));
  ledger.end(task);
  return answerOf(task);
}

/** Dies of an exception that nobody catches, if that is its fate. */
export function crash({ task, fate }) {
  ledger.begin(task);
  if (fate === 'timer') {
    setImmediate(() => {
      throw new Error(`task ${task} kills its thread`);
    });
    return new Promise(() => {});
  }
  if (fate === 'rejection') {
    void Promise.reject(new Error(`task ${task} kills its thread`));
    return new Promise(() => {});
  }
  const value = answerOf(task);
  ledger.end(task);
  return value;
}

/** Ends its thread, if that is its fate. */
export function exit({ task, fate }) {
  ledger.begin(task);
  if (fate === 'exit') process.exit(3);
  const value = answerOf(task);
  ledger.end(task);
  return value;
}

/** Fills the heap of its thread. */
export function hog({ task }) {
  ledger.begin(task);
  const hoard = [];
  for (;;) hoard.push(new Array(100_000).fill(hoard.length));
}

/** Never comes back. */
export function hang({ task, fate }) {
  ledger.begin(task);
  if (fate === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (fate === 'pattern') /^(a+)+$/.test(`${'a'.repeat(64)}b`);
  for (;;);
}

/** Blocks its thread, at once or after the event loop has turned. */
export async function stall(input) {
  if (input.fate === 'loop later') await new Promise((resolve) => setImmediate(resolve));
  hang(input);
}

/** Fails the first times that it is tried. */
export function flaky({ task, fails }) {
  const earlier = ledger.begin(task);
  ledger.end(task);
  if (earlier < fails) throw new RangeError(`task ${task} fails on purpose`);
  return answerOf(task);
}

/** Ends its thread: the first time that it is tried, or each time. */
export function again({ task, fate }) {
  const earlier = ledger.begin(task);
  if (fate === 'always' || earlier === 0) process.exit(4);
  const value = answerOf(task);
  ledger.end(task);
  return value;
}

/** Runs in a process of its own, and ends it, if that is its fate. */
export function isolated({ task, fate }) {
  ledger.begin(task);
  if (fate === 'exit') process.exit(5);
  if (fate === 'kill') process.kill(process.pid, 'SIGKILL');
  if (fate === 'loop') for (;;);
  if (fate === 'timer') {
    setImmediate(() => {
      throw new Error(`task ${task} kills its process`);
    });
    return new Promise(() => {});
  }
  const value = answerOf(task);
  ledger.end(task);
  return value;
}
