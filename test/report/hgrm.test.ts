import { expect, test } from 'vitest';
import { percentileText } from '../../src/report/hgrm.ts';
import { LatencyHistogram } from '../../src/report/latency-histogram.ts';

test('the distribution is in milliseconds, in the columns that plotters read', () => {
  const latency = new LatencyHistogram();
  for (let ms = 1; ms <= 1_000; ms++) latency.record(ms);
  const text = percentileText(latency.histogram);
  const [head, , ...lines] = text.split('\n');
  expect(head!.trim().split(/\s+/)).toEqual(['Value', 'Percentile', 'TotalCount', '1/(1-Percentile)']);
  const rows = lines
    .filter((line) => /^\s*\d/.test(line))
    .map((line) => line.trim().split(/\s+/).map(Number));
  const median = rows.find(([, percentile]) => percentile === 0.5)!;
  expect(Math.abs(median[0]! / 500 - 1)).toBeLessThan(0.002);
  expect(median[2]).toBe(500);
  expect(rows.at(-1)!.slice(1, 3)).toEqual([1, 1_000]);
  expect(text).toMatch(/#\[Max {5}= +1000\.\d+, Total count {4}= +1000\]/);
});

test('summaries agree with the histogram, and add up', () => {
  const [a, b] = [new LatencyHistogram(), new LatencyHistogram()];
  for (let ms = 1; ms <= 50; ms++) a.record(ms);
  for (let ms = 51; ms <= 100; ms++) b.record(ms);
  a.add(b);
  const { summary } = a;
  expect(summary.count).toBe(100);
  expect(summary.mean).toBeCloseTo(50.5);
  for (const [value, expected] of [
    [summary.p50, 50],
    [summary.p90, 90],
    [summary.p99, 99],
    [summary.max, 100],
  ] as const) {
    expect(Math.abs(value / expected - 1)).toBeLessThan(0.001);
  }
  expect(summary.p999).toBeLessThanOrEqual(summary.max);
  a.reset();
  expect(a.summary).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
});

test('what is longer than an hour counts as one, what is before its time as nothing', () => {
  const latency = new LatencyHistogram();
  latency.record(10 * 3_600_000);
  latency.record(-5);
  expect(latency.summary.count).toBe(2);
  expect(latency.summary.max).toBeCloseTo(3_600_000, 2);
});
