/** The work of the thread cases, in plain JavaScript so that every pool can load the same file. */

/** Returns what it got, at once. */
export function echo(input) {
  return input;
}

/**
 * Keeps one core busy for a number of steps of integer arithmetic, each of which needs the one before.
 * The same number of steps is the same work on every thread, and gives the same result.
 */
export function spin(steps) {
  let hash = 0x811c9dc5 | 0;
  for (let step = 0; step < steps; step++) hash = Math.imul(hash ^ step, 0x01000193);
  return hash >>> 0;
}
