/** When each task of an open loop is due, in milliseconds from the start, and whether it is a long one. */
export interface Arrivals {
  readonly dueMs: Float64Array;
  readonly isLong: readonly boolean[];
}

/**
 * Poisson arrivals: independent gaps, exponentially distributed. The same seed gives the same arrivals.
 * @param ratePerSecond mean number of tasks a second
 * @param longShare probability that a task is a long one
 */
export function poissonArrivals(
  count: number,
  ratePerSecond: number,
  longShare: number,
  seed: number,
): Arrivals {
  const random = seededRandom(seed);
  const dueMs = new Float64Array(count);
  const isLong: boolean[] = [];
  let atMs = 0;
  for (let index = 0; index < count; index++) {
    atMs += (-Math.log(1 - random()) / ratePerSecond) * 1000;
    dueMs[index] = atMs;
    isLong.push(random() < longShare);
  }
  return { dueMs, isLong };
}

/** Numbers in [0, 1): a 32-bit counter through a mixing function (splitmix32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
