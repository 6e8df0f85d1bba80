import { decodeFromCompressedBase64, JsHistogram } from 'hdr-histogram-js';
import { ConfigError } from '../contract/errors.ts';
import type { EncodedHistogram } from './report.ts';

const NS_PER_MS = 1e6;

/**
 * What a histogram knows, as sorted values with their counts. Values are in milliseconds and stand for a bucket's
 * highest one, as HdrHistogram reports them: exact to the precision that it was recorded with.
 */
export class Distribution {
  readonly count: number;
  readonly meanMs: number;
  private readonly valuesMs: Float64Array;
  /** How many samples are at most the value of the same index. */
  private readonly upTo: Float64Array;

  constructor(valuesMs: readonly number[], counts: readonly number[]) {
    this.valuesMs = Float64Array.from(valuesMs);
    this.upTo = new Float64Array(counts.length);
    let count = 0;
    let sum = 0;
    for (const [i, n] of counts.entries()) {
      count += n;
      sum += n * this.valuesMs[i]!;
      this.upTo[i] = count;
    }
    this.count = count;
    this.meanMs = count === 0 ? 0 : sum / count;
  }

  /** @throws ConfigError that names the field at `path` if the text is not a whole histogram */
  static decode(text: EncodedHistogram, path: string): Distribution {
    const values: number[] = [];
    const counts: number[] = [];
    for (const { valueIteratedTo, countAtValueIteratedTo } of recorded(histogramOf(text, path))) {
      values.push(valueIteratedTo / NS_PER_MS);
      counts.push(countAtValueIteratedTo);
    }
    return new Distribution(values, counts);
  }

  /** The smallest value that at least the share `q` of all samples does not exceed, in milliseconds; 0 if there are none. */
  quantileMs(q: number): number {
    // What the multiplication may have added must not lead to the next rank.
    return this.atRankMs(Math.ceil(q * this.count - 1e-9 * this.count));
  }

  /** The value of the sample that stands at a rank, from 1 on, when all are sorted. */
  atRankMs(rank: number): number {
    if (this.count === 0) return 0;
    return this.valuesMs[this.indexOf(Math.min(Math.max(rank, 1), this.count))]!;
  }

  /** How many samples are at most `ms`. */
  countUpTo(ms: number): number {
    let low = 0;
    let high = this.valuesMs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.valuesMs[middle]! <= ms) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.upTo[low - 1]!;
  }

  /** Square of the coefficient of variation: variance over the square of the mean. */
  get variation(): number {
    if (this.meanMs === 0) return 0;
    let sum = 0;
    let before = 0;
    for (const [i, ms] of this.valuesMs.entries()) {
      sum += (this.upTo[i]! - before) * (ms - this.meanMs) ** 2;
      before = this.upTo[i]!;
    }
    return sum / this.count / this.meanMs ** 2;
  }

  /** Index of the first value that `rank` samples are at most. */
  private indexOf(rank: number): number {
    let low = 0;
    let high = this.upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.upTo[middle]! < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function histogramOf(text: EncodedHistogram, path: string): JsHistogram {
  let cause: unknown;
  try {
    const histogram = decodeFromCompressedBase64(text);
    if (histogram instanceof JsHistogram) return histogram;
  } catch (error) {
    cause = error;
  }
  const expected = "a histogram in HdrHistogram's compressed encoding";
  const received = text.length > 24 ? `"${text.slice(0, 24)}..." of ${text.length} characters` : `"${text}"`;
  const message = `${path}: expected ${expected}, got ${received}`;
  throw new ConfigError('INVALID_OPTION', path, message, { expected, received, cause });
}

function* recorded(
  histogram: JsHistogram,
): Generator<{ valueIteratedTo: number; countAtValueIteratedTo: number }> {
  const iterator = histogram.recordedValuesIterator;
  iterator.reset();
  // The iterator gives the same object again and again.
  while (iterator.hasNext()) yield iterator.next();
}
