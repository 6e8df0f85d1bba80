import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { EncodedHistogram, ReportLatency } from './report.ts';

export const NS_PER_MS = 1_000_000;
/** What is longer counts as an hour. */
const LONGEST_NS = 3_600_000 * NS_PER_MS;

/** A histogram of nanoseconds up to an hour, 3 significant digits. */
export function latencyHistogram(): Histogram {
  return build({ highestTrackableValue: LONGEST_NS, numberOfSignificantValueDigits: 3, autoResize: false });
}

export function recordMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(LONGEST_NS, Math.max(0, Math.round(ms * NS_PER_MS))));
}

/** In milliseconds. A percentile is the highest value of its bucket, but never above the maximum. */
export function latencyOf(histogram: Histogram): ReportLatency {
  const { totalCount: count } = histogram;
  if (count === 0) return { count, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const at = (percentile: number) =>
    Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / NS_PER_MS;
  return {
    count,
    mean: histogram.mean / NS_PER_MS,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: histogram.maxValue / NS_PER_MS,
  };
}

export function encodeHistogram(histogram: Histogram): EncodedHistogram {
  return encodeIntoCompressedBase64(histogram);
}

/** @throws Error if it is no histogram in that encoding */
export function decodeHistogram(text: EncodedHistogram): Histogram {
  return decodeFromCompressedBase64(text);
}
