/** Windows that the second half of a run is cut into. */
const WINDOWS = 5;
/** Samples of the second half below which nothing is said: a window shows a thread that fills its heap, not the run. */
const ENOUGH = 12 * WINDOWS;
/** By how much a window may lie above one before it. That memory goes down after a while is nobody's loss. */
export const FLAT_SHARE = 0.1;

/** What became of the resident memory over the second half of a run. */
export interface MemoryFigures {
  /** Median of each window, in megabytes. Empty if there were too few samples to tell. */
  readonly windowsMb: readonly number[];
  /** Median of the first half, in megabytes. */
  readonly firstHalfMb: number;
  /** The most that a window is above one before it, as a share of that one. */
  readonly rise: number;
  readonly isFlat: boolean;
}

/** @param samplesMb resident memory, at equal distances over the whole run */
export function memoryFigures(samplesMb: readonly number[]): MemoryFigures {
  const half = Math.floor(samplesMb.length / 2);
  const second = samplesMb.slice(half);
  const firstHalfMb = medianOf(samplesMb.slice(0, Math.max(1, half)));
  if (second.length < ENOUGH) return { windowsMb: [], firstHalfMb, rise: 0, isFlat: true };
  const windowsMb = Array.from({ length: WINDOWS }, (_, k) => {
    const from = Math.floor((k * second.length) / WINDOWS);
    return medianOf(second.slice(from, Math.floor(((k + 1) * second.length) / WINDOWS)));
  });
  const rises = windowsMb.map((mb, k) => mb / Math.min(...windowsMb.slice(0, k + 1)) - 1);
  const rise = Math.max(...rises);
  return { windowsMb, firstHalfMb, rise, isFlat: rise <= FLAT_SHARE };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
