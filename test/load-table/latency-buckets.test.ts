import fc from 'fast-check';
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import {
  BUCKET_COUNT,
  bucketIndex,
  bucketValueNs,
  LatencyBuckets,
} from '../../src/load-table/latency-buckets.ts';
import { LATENCY_CELLS } from '../../src/load-table/latency-cells.ts';

const MAX_NS = 2 ** 42 - 1;

/** What hdr-histogram-js keeps inside, of which its declarations say nothing. */
interface Inside {
  readonly countsArrayLength: number;
  getCountAtIndex(index: number): number;
  countsArrayIndex(value: number): number;
  valueFromIndex(index: number): number;
  highestEquivalentValue(value: number): number;
}

function inside(histogram: Histogram): Inside {
  return histogram as unknown as Inside;
}

function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000_000,
    numberOfSignificantValueDigits: 2,
  });
}

/** The nanoseconds that a latency is recorded as. */
function nsOf(valueMs: number): number {
  const ns = Math.floor(valueMs * 1e6 + 0.5);
  return ns > 0 ? Math.min(ns, MAX_NS) : 0;
}

/** The bucket of an integer, from its definition: 8 leading bits, and how many bits follow. */
function definedIndex(valueNs: number): number {
  let rest = 0;
  let leading = BigInt(valueNs);
  while (leading >= 256n) {
    leading >>= 1n;
    rest++;
  }
  return 128 * rest + Number(leading);
}

function countsOf(histogram: Histogram): number[] {
  const { countsArrayLength } = inside(histogram);
  return Array.from({ length: countsArrayLength }, (_, i) => inside(histogram).getCountAtIndex(i));
}

/** Buckets, sum and maximum, as what compares fast. */
function bytesOf({ cells }: LatencyBuckets): string {
  return Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength).toString('latin1');
}

/** Latencies of every magnitude from nothing to beyond an hour, and some odd ones. */
const latenciesMs = fc.oneof(
  fc.double({ min: -9, max: 6.6, noNaN: true }).map((magnitude) => 10 ** magnitude),
  fc.integer({ min: 0, max: 1000 }),
  fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3_600_000, 5_000_000, 1e-7),
);

function record(valuesMs: readonly number[]): LatencyBuckets {
  const buckets = new LatencyBuckets();
  for (const valueMs of valuesMs) buckets.record(valueMs);
  return buckets;
}

function feed(valuesMs: readonly number[]): Histogram {
  const histogram = emptyHistogram();
  for (const valueMs of valuesMs) histogram.recordValue(nsOf(valueMs));
  return histogram;
}

describe('the buckets', () => {
  test('are those of hdr-histogram-js at both ends of every one of them, beyond 2 ** 31 and 2 ** 32 too', () => {
    const histogram = inside(emptyHistogram());
    expect(histogram.countsArrayLength).toBe(BUCKET_COUNT);
    const seen: unknown[] = [];
    const expected: unknown[] = [];
    for (let index = 0; index < BUCKET_COUNT; index++) {
      const lowest = bucketValueNs(index);
      const highest = bucketValueNs(index + 1) - 1;
      seen.push(histogram.valueFromIndex(index), histogram.highestEquivalentValue(lowest));
      expected.push(lowest, highest);
      for (const value of [lowest, highest]) {
        seen.push(definedIndex(value), bucketIndex(value), histogram.countsArrayIndex(value));
        expected.push(index, index, index);
      }
    }
    expect(seen).toEqual(expected);
    expect(bucketValueNs(BUCKET_COUNT)).toBe(MAX_NS + 1);
  });

  test('are those of hdr-histogram-js for any value in the range', () => {
    const histogram = inside(emptyHistogram());
    fc.assert(
      fc.property(fc.maxSafeInteger(), (any) => {
        const value = Math.abs(any) % (MAX_NS + 1);
        const index = definedIndex(value);
        return (
          bucketIndex(value) === index &&
          bucketIndex(value + 0.5) === index &&
          histogram.countsArrayIndex(value) === index
        );
      }),
      { numRuns: 5000 },
    );
  });

  test('take values above the range in the last one, and what is no latency in the first', () => {
    for (const value of [MAX_NS + 1, 1e15, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      expect(bucketIndex(value)).toBe(BUCKET_COUNT - 1);
    }
    for (const value of [0, -0, 0.9, -1, -1e300, Number.NEGATIVE_INFINITY, Number.NaN]) {
      expect(bucketIndex(value)).toBe(0);
    }
  });
});

describe('latency buckets', () => {
  test('give the histogram that was fed the same latencies: every bucket, percentile, count and maximum', () => {
    fc.assert(
      fc.property(fc.array(latenciesMs, { maxLength: 300 }), (valuesMs) => {
        const ours = record(valuesMs).toHistogram();
        const fed = feed(valuesMs);
        expect(String(countsOf(ours))).toBe(String(countsOf(fed)));
        expect(ours.totalCount).toBe(fed.totalCount);
        expect(ours.maxValue).toBe(fed.maxValue);
        expect(ours.mean).toBe(fed.mean);
        expect(ours.stdDeviation).toBe(fed.stdDeviation);
        for (const percentile of [0, 1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]) {
          expect(ours.getValueAtPercentile(percentile)).toBe(fed.getValueAtPercentile(percentile));
        }
      }),
    );
  });

  test('merge exactly into a histogram that holds others already', () => {
    fc.assert(
      fc.property(fc.array(latenciesMs), fc.array(latenciesMs), (before, after) => {
        const merged = feed(before);
        merged.add(record(after).toHistogram());
        expect(String(countsOf(merged))).toBe(String(countsOf(feed([...before, ...after]))));
      }),
    );
  });

  test('keep every count through the compressed form that histogram logs are made of', () => {
    const histogram = record([0.000_001, 0.5, 2200, 4300, 3_599_999, 5e6]).toHistogram();
    const decoded = decodeFromCompressedBase64(encodeIntoCompressedBase64(histogram), 64);
    expect(countsOf(decoded).slice(0, BUCKET_COUNT)).toEqual(countsOf(histogram));
  });

  test('know the count, and the exact sum and maximum in nanoseconds', () => {
    fc.assert(
      fc.property(fc.array(latenciesMs), (valuesMs) => {
        const buckets = record(valuesMs);
        const valuesNs = valuesMs.map(nsOf);
        expect(buckets.count).toBe(valuesMs.length);
        expect(buckets.sumNs).toBe(valuesNs.reduce((sum, ns) => sum + ns, 0));
        expect(buckets.maxNs).toBe(Math.max(0, ...valuesNs));
      }),
    );
  });

  test('added to others count what both counted', () => {
    fc.assert(
      fc.property(fc.array(latenciesMs), fc.array(latenciesMs), (some, more) => {
        const sum = record(some);
        sum.add(record(more));
        expect(bytesOf(sum)).toBe(bytesOf(record([...some, ...more])));
      }),
    );
  });

  test('copied stay as they were', () => {
    const buckets = record([1, 2, 3]);
    const copy = buckets.copy();
    buckets.record(4);
    expect(bytesOf(copy)).toEqual(bytesOf(record([1, 2, 3])));
    expect(copy.count).toBe(3);
    buckets.reset();
    expect(bytesOf(buckets)).toEqual(bytesOf(new LatencyBuckets()));
  });

  test('copied out of shared memory are in memory of their own', () => {
    const shared = new LatencyBuckets(new Float64Array(new SharedArrayBuffer(8 * LATENCY_CELLS)));
    shared.record(7);
    const copy = shared.copy();
    expect(copy.cells.buffer).toBeInstanceOf(ArrayBuffer);
    expect(bytesOf(copy)).toEqual(bytesOf(record([7])));
  });

  test('count beyond 2 ** 32 in one bucket', () => {
    const buckets = record([1]);
    for (let doubling = 0; doubling < 40; doubling++) buckets.add(buckets.copy());
    buckets.record(1);
    expect(buckets.count).toBe(2 ** 40 + 1);
    expect(buckets.toHistogram().totalCount).toBe(2 ** 40 + 1);
  });

  test('refuse memory of another size', () => {
    expect(() => new LatencyBuckets(new Float64Array(8))).toThrow('counts: expected 4610 numbers, got 8');
  });

  test('take no more than 40 KB', () => {
    expect(new LatencyBuckets().cells.byteLength).toBeLessThanOrEqual(40_000);
  });
});
