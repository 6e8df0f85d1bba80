import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LatencyBuckets } from '../../src/load-table/latency-buckets.ts';
import { summarize } from '../../src/telemetry/latency-summary.ts';

const latenciesMs = fc.array(
  fc.double({ min: -6, max: 6.5, noNaN: true }).map((magnitude) => 10 ** magnitude),
  { minLength: 1, maxLength: 300 },
);

function record(valuesMs: readonly number[]): LatencyBuckets {
  const buckets = new LatencyBuckets();
  for (const valueMs of valuesMs) buckets.record(valueMs);
  return buckets;
}

test('percentiles in milliseconds are those of hdr-histogram-js for the same buckets', () => {
  fc.assert(
    fc.property(latenciesMs, (valuesMs) => {
      const buckets = record(valuesMs);
      const histogram = buckets.toHistogram();
      const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1e6;
      expect(summarize(buckets)).toEqual({
        count: valuesMs.length,
        mean: buckets.sumNs / valuesMs.length / 1e6,
        p50: at(50),
        p90: at(90),
        p99: at(99),
        p999: at(99.9),
        max: histogram.maxValue / 1e6,
      });
    }),
  );
});

test('percentiles are those of hdr-histogram-js for counts that no one could record one by one', () => {
  fc.assert(
    fc.property(latenciesMs, fc.integer({ min: 1, max: 40 }), (valuesMs, doublings) => {
      const buckets = record(valuesMs);
      for (let doubling = 0; doubling < doublings; doubling++) buckets.add(buckets.copy());
      const histogram = buckets.toHistogram();
      const { count, p50, p90, p99, p999 } = summarize(buckets);
      expect(count).toBe(valuesMs.length * 2 ** doublings);
      expect([p50, p90, p99, p999]).toEqual(
        [50, 90, 99, 99.9].map((percentile) => histogram.getValueAtPercentile(percentile) / 1e6),
      );
    }),
    { numRuns: 30 },
  );
});

test('mean and maximum are exact to the nanosecond', () => {
  expect(summarize(record([1, 2.5, 10.000_003]))).toMatchObject({
    mean: 4.500_001,
    max: 10.000_003,
  });
});

test('nothing recorded gives zeros', () => {
  expect(summarize(new LatencyBuckets())).toEqual({
    count: 0,
    mean: 0,
    p50: 0,
    p90: 0,
    p99: 0,
    p999: 0,
    max: 0,
  });
});
