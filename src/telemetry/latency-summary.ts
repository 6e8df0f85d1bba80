import type { LatencySummary } from '../contract/stats.ts';
import { BUCKET_COUNT, bucketValueNs, type LatencyBuckets } from '../load-table/latency-buckets.ts';

const NS_PER_MS = 1e6;
const PERCENTILES = [50, 90, 99, 99.9] as const;

/** The distance from x to the next double. */
function ulp(x: number): number {
  return 2 ** (Math.floor(Math.log2(x)) - 52);
}

/**
 * Which of `total` sorted samples stands at a percentile, from 1 on. Rounded up, but for what the division itself
 * may have added, as hdr-histogram-js does.
 */
function rankAt(percentile: number, total: number): number {
  const exact = (percentile / 100) * total;
  return Math.max(Math.ceil(exact - ulp(exact)), 1);
}

/**
 * Latency percentiles in milliseconds. They are exactly what `getValueAtPercentile` of hdr-histogram-js says for the
 * same buckets: the highest value of the bucket, so that one may be up to 0.8 % above `max`. `mean` and `max` are
 * those of the values themselves, in whole nanoseconds.
 */
export function summarize(buckets: LatencyBuckets): LatencySummary {
  const { cells } = buckets;
  // The buckets themselves are counted: on a living thread's slot the tally may be some samples ahead.
  let total = 0;
  for (let i = 0; i < BUCKET_COUNT; i++) total += cells[i]!;
  if (total === 0) return { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  let index = -1;
  let seen = 0;
  const [p50, p90, p99, p999] = PERCENTILES.map((percentile) => {
    const rank = rankAt(percentile, total);
    while (seen < rank) seen += cells[++index]!;
    return (bucketValueNs(index + 1) - 1) / NS_PER_MS;
  }) as [number, number, number, number];
  return {
    count: total,
    mean: buckets.sumNs / total / NS_PER_MS,
    p50,
    p90,
    p99,
    p999,
    max: buckets.maxNs / NS_PER_MS,
  };
}
