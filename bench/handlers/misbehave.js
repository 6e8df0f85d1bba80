/** What the bench of failing threads runs beside healthy work, in plain JavaScript as users' handlers are. */

const HANGS = [
  () => {
    for (;;);
  },
  () => /^(a+)+$/.test(`${'a'.repeat(50)}!`),
  () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
];

/** Blocks its thread: in a loop, in a regular expression, or waiting for nobody. */
export function hang(kind) {
  return HANGS[kind % HANGS.length]();
}

export function crash() {
  process.exit(1);
}

const hoard = [];

/** Keeps so many megabytes of buffers for ever. */
export function leak(megabytes) {
  for (let i = 0; i < megabytes; i++) hoard.push(Buffer.alloc(2 ** 20));
}
