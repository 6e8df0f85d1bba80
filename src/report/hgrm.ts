import type { Histogram } from 'hdr-histogram-js';
import { NS_PER_MS } from './latency-histogram.ts';

/** Steps towards 100 % for every halving of the rest, as HdrHistogram's own tools take them. */
const TICKS_PER_HALF_DISTANCE = 5;

/** The percentile distribution of a histogram of nanoseconds, in milliseconds, as plotters of `.hgrm` files read it. */
export function percentileText(histogram: Histogram): string {
  return histogram.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, NS_PER_MS);
}
