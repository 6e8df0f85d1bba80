import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { LatencySummary } from '../contract/stats.ts';
import type { EncodedHistogram } from './report.ts';

export const NS_PER_MS = 1_000_000;
/** What is longer counts as an hour. */
const LONGEST_NS = 3_600_000 * NS_PER_MS;
/** Nobody can tell shorter times apart here; it saves a third of the memory. */
const SHORTEST_NS = 1_000;

/** Latencies as an HdrHistogram of nanoseconds, 3 significant digits, about 100 KB. */
export class LatencyHistogram {
  readonly histogram: Histogram = build({
    lowestDiscernibleValue: SHORTEST_NS,
    highestTrackableValue: LONGEST_NS,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  });
  // The library walks through all its buckets for a mean, which takes it 5 ms and more.
  #sumNs = 0;

  record(ms: number): void {
    const ns = Math.min(LONGEST_NS, Math.max(0, Math.round(ms * NS_PER_MS)));
    this.histogram.recordValue(ns);
    this.#sumNs += ns;
  }

  add(other: LatencyHistogram): void {
    this.histogram.add(other.histogram);
    this.#sumNs += other.#sumNs;
  }

  reset(): void {
    this.histogram.reset();
    this.#sumNs = 0;
  }

  /** In milliseconds. A percentile is the highest value of its bucket, but never above the maximum. */
  get summary(): LatencySummary {
    const { totalCount: count, maxValue } = this.histogram;
    if (count === 0) return { count, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    const at = (percentile: number) =>
      Math.min(this.histogram.getValueAtPercentile(percentile), maxValue) / NS_PER_MS;
    return {
      count,
      mean: this.#sumNs / count / NS_PER_MS,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: maxValue / NS_PER_MS,
    };
  }

  get encoded(): EncodedHistogram {
    return encodeIntoCompressedBase64(this.histogram);
  }
}

/** @throws Error if it is no histogram in that encoding */
export function decodeHistogram(text: EncodedHistogram): Histogram {
  return decodeFromCompressedBase64(text);
}
