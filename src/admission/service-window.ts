/** Samples in one of the two halves. */
const HALF = 256;
/** Each power of two has so many buckets: they are 6 % wide at most. */
const BITS = 4;
const PER_OCTAVE = 1 << BITS;
/** From one microsecond to 71 minutes. */
const BUCKETS = (32 - BITS + 1) * PER_OCTAVE;
const US_PER_MS = 1_000;
const HIGHEST_US = 2 ** 32 - 1;

/**
 * Percentiles of the last 256 to 512 samples: two histograms that take turns; the older half is emptied when the newer
 * one is full. So what is measured follows a change, and old outliers do not stay for ever. Buckets are log-linear:
 * finding one takes no logarithm.
 */
export class ServiceWindow {
  private newer = new Uint16Array(BUCKETS);
  private older = new Uint16Array(BUCKETS);
  private inNewer = 0;
  private inOlder = 0;

  get count(): number {
    return this.inNewer + this.inOlder;
  }

  /** Takes a time in milliseconds. */
  record(ms: number): void {
    if (this.inNewer === HALF) this.rotate();
    this.newer[bucketOf(ms)]!++;
    this.inNewer++;
  }

  /** The value below which the share `quantile` of the samples lies, in milliseconds; 0 if there are none. */
  quantile(quantile: number): number {
    const { count, newer, older } = this;
    if (count === 0) return 0;
    let left = quantile * count;
    let index = 0;
    for (; index < BUCKETS - 1; index++) {
      left -= newer[index]! + older[index]!;
      if (left <= 0) break;
    }
    return middleOf(index);
  }

  private rotate(): void {
    const emptied = this.older;
    emptied.fill(0);
    this.older = this.newer;
    this.inOlder = this.inNewer;
    this.newer = emptied;
    this.inNewer = 0;
  }
}

/** Anything that is no number counts as the shortest. */
function bucketOf(ms: number): number {
  const us = ms > 0 ? Math.min(ms * US_PER_MS, HIGHEST_US) >>> 0 : 0;
  if (us < PER_OCTAVE) return us;
  const shift = 31 - Math.clz32(us) - BITS;
  return (shift + 1) * PER_OCTAVE + ((us >>> shift) & (PER_OCTAVE - 1));
}

/** In milliseconds. */
function middleOf(bucket: number): number {
  if (bucket < PER_OCTAVE) return (bucket + 0.5) / US_PER_MS;
  const widthUs = 2 ** (Math.floor(bucket / PER_OCTAVE) - 1);
  return ((PER_OCTAVE + (bucket % PER_OCTAVE) + 0.5) * widthUs) / US_PER_MS;
}
