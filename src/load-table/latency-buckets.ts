import { createRequire } from 'node:module';
import type { Histogram } from 'hdr-histogram-js';
import {
  BUCKET_COUNT,
  bucketValueNs,
  countBuckets,
  countLatency,
  HIGHEST_TRACKABLE_NS,
  LATENCY_CELLS,
  SIGNIFICANT_DIGITS,
  TALLY,
} from './latency-cells.ts';

export { BUCKET_COUNT, bucketIndex, bucketValueNs } from './latency-cells.ts';

/**
 * Latency counts that merge exactly into an hdr-histogram-js histogram; 37 KB. Over its own memory, or as a view on
 * a slot of the load table, whose thread writes it.
 *
 * A view on a living thread's slot changes under the reader; `copy()` gives one that stands still.
 */
export class LatencyBuckets {
  /** BUCKET_COUNT counts, then the tally. Only for reading. */
  readonly cells: Float64Array;

  /** @param counts LATENCY_CELLS numbers to work on; by default its own, all 0. */
  constructor(counts: Float64Array = new Float64Array(LATENCY_CELLS)) {
    if (counts.length !== LATENCY_CELLS) {
      throw new RangeError(`counts: expected ${LATENCY_CELLS} numbers, got ${counts.length}`);
    }
    this.cells = counts;
  }

  /** Counts one latency in milliseconds. Negative and NaN count as 0, more than 73 minutes as 73 minutes. */
  record(valueMs: number): void {
    countLatency(this.cells, valueMs);
  }

  /** How many latencies were recorded. Adds up all buckets, so not for a hot path. */
  get count(): number {
    return countBuckets(this.cells);
  }

  /** Sum of all latencies in nanoseconds. */
  get sumNs(): number {
    return this.cells[TALLY.sumNs]!;
  }

  /** The highest latency in nanoseconds, exactly; 0 if there is none. */
  get maxNs(): number {
    return this.cells[TALLY.maxNs]!;
  }

  /** Adds all counts of `other`. */
  add(other: LatencyBuckets): void {
    const to = this.cells;
    const from = other.cells;
    for (let i = 0; i < BUCKET_COUNT; i++) to[i] = to[i]! + from[i]!;
    to[TALLY.sumNs] = to[TALLY.sumNs]! + from[TALLY.sumNs]!;
    to[TALLY.maxNs] = Math.max(to[TALLY.maxNs]!, from[TALLY.maxNs]!);
  }

  /** A copy in memory of its own. */
  copy(): LatencyBuckets {
    return new LatencyBuckets(this.cells.slice());
  }

  /** The same counts as a histogram of nanoseconds. Its lowest value is that of the lowest bucket. */
  toHistogram(): Histogram {
    const histogram = histogramLibrary().build({
      bitBucketSize: 64,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_TRACKABLE_NS,
      numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
      useWebAssembly: false,
    });
    const max = this.maxNs;
    for (let i = 0; i < BUCKET_COUNT; i++) {
      const n = this.cells[i]!;
      if (n === 0) continue;
      // The highest bucket is entered by its exact maximum, which the histogram remembers.
      const holdsMax = max >= bucketValueNs(i) && max < bucketValueNs(i + 1);
      histogram.recordValueWithCount(holdsMax ? max : bucketValueNs(i), n);
    }
    return histogram;
  }

  /** Forgets everything. */
  reset(): void {
    this.cells.fill(0);
  }
}

/** Loaded on first use: it takes longer to load than all the rest together, and few ask for a histogram. */
function histogramLibrary(): typeof import('hdr-histogram-js') {
  return createRequire(import.meta.url)('hdr-histogram-js');
}
