/** The work of the thread cases, in plain JavaScript so that every pool can load the same file. */

/** Returns what it got, at once. */
export function echo(input) {
  return input;
}

/**
 * Keeps one core busy for a number of steps of integer arithmetic, each of which needs the one before: a hash over the
 * numbers below `steps`. The same number of steps is the same work on every thread, and gives the same result.
 *
 * The loop is WebAssembly because its machine code must not depend on who calls it. Written in JavaScript it ran at half
 * the speed in some pools, once the engine had inlined it into their code.
 */
export function spin(steps) {
  return loop(steps) >>> 0;
}

/** Adds numbers up. */
export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

// biome-ignore format: an instruction a line
const LOOP_MODULE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic, version 1
  0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f, // type 0: (i32) => i32
  0x03, 0x02, 0x01, 0x00, // function 0 is of type 0
  0x07, 0x08, 0x01, 0x04, 0x6c, 0x6f, 0x6f, 0x70, 0x00, 0x00, // export "loop" = function 0
  0x0a, 0x33, 0x01, 0x31, // code: one body of 49 bytes
  0x01, 0x02, 0x7f, // two locals beside steps (0): hash (1), step (2)
  0x41, 0xc5, 0xbb, 0xf2, 0x88, 0x78, 0x21, 0x01, // hash = 0x811c9dc5
  0x02, 0x40, 0x03, 0x40, // block, loop
  0x20, 0x02, 0x20, 0x00, 0x4f, 0x0d, 0x01, // leave the block if step >= steps
  0x20, 0x01, 0x20, 0x02, 0x73, // hash ^ step
  0x41, 0x93, 0x83, 0x80, 0x08, 0x6c, 0x21, 0x01, // hash = that * 0x01000193
  0x20, 0x02, 0x41, 0x01, 0x6a, 0x21, 0x02, // step = step + 1
  0x0c, 0x00, 0x0b, 0x0b, // again; end of loop and block
  0x20, 0x01, 0x0b, // return hash
]);

const { loop } = new WebAssembly.Instance(new WebAssembly.Module(LOOP_MODULE)).exports;
