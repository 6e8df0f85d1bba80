import type { LatencySummary } from '../contract/stats.ts';
import type { LatencyBuckets } from '../load-table/latency-buckets.ts';
import { bucketValueNs, countBuckets } from '../load-table/latency-cells.ts';

const NS_PER_MS = 1e6;

/** The distance from x to the next double. */
function ulp(x: number): number {
  return 2 ** (Math.floor(Math.log2(x)) - 52);
}

/**
 * Which of `count` sorted samples stands at a percentile, from 1 on. Rounded up, but for what the multiplication
 * itself may have added, as hdr-histogram-js does.
 */
function rankAt(percentile: number, count: number): number {
  const exact = (percentile / 100) * count;
  return Math.max(Math.ceil(exact - ulp(exact)), 1);
}

/** Highest value, in milliseconds, of the bucket that holds the sample of a rank. */
function valueAtMs(cells: Float64Array, rank: number): number {
  let index = 0;
  let seen = cells[0]!;
  while (seen < rank) seen += cells[++index]!;
  return (bucketValueNs(index + 1) - 1) / NS_PER_MS;
}

/**
 * Latency percentiles in milliseconds. They are exactly what `getValueAtPercentile` of hdr-histogram-js says for the
 * same buckets: the highest value of the bucket, so that one may be up to 0.8 % above `max`. `mean` and `max` are
 * those of the values themselves, in whole nanoseconds.
 */
export function summarize(buckets: LatencyBuckets): LatencySummary {
  const { cells } = buckets;
  // Counts only grow while this runs, so every rank is found, be the thread living or not.
  const count = countBuckets(cells);
  if (count === 0) return { count, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  return {
    count,
    mean: buckets.sumNs / count / NS_PER_MS,
    p50: valueAtMs(cells, rankAt(50, count)),
    p90: valueAtMs(cells, rankAt(90, count)),
    p99: valueAtMs(cells, rankAt(99, count)),
    p999: valueAtMs(cells, rankAt(99.9, count)),
    max: buckets.maxNs / NS_PER_MS,
  };
}
