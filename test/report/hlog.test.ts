import { build, HistogramLogReader, listTags } from 'hdr-histogram-js';
import { expect, test } from 'vitest';
import { latencyLog } from '../../src/report/hlog.ts';

test('a log reader gets back every histogram, by tag, with its time', () => {
  const values = { fast: [1_000, 2_000_000], slow: [5_000_000, 90_000_000_000] };
  const histograms = new Map(
    Object.entries(values).map(([name, all]) => {
      const histogram = build({ numberOfSignificantValueDigits: 3 });
      for (const value of all) histogram.recordValue(value);
      return [name, histogram] as const;
    }),
  );
  const startedAtMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const log = latencyLog(histograms, { startedAtMs, durationMs: 2_500 });
  expect(log).toMatch(/^#\[Histogram log format version 1\.3\]\n/);
  expect(log).toContain('#[StartTime: 1767323045.678 (seconds since epoch), 2026-01-02T03:04:05.678Z]\n');
  expect(log).not.toContain('\n\n');
  expect(listTags(log)).toEqual(['fast', 'slow']);
  const reader = new HistogramLogReader(log);
  for (const [name, all] of Object.entries(values)) {
    const histogram = reader.nextIntervalHistogram()!;
    expect(histogram.tag).toBe(name);
    expect(histogram.totalCount).toBe(2);
    expect(histogram.startTimeStampMsec).toBeCloseTo(startedAtMs);
    expect(histogram.endTimeStampMsec - histogram.startTimeStampMsec).toBeCloseTo(2_500);
    expect(Math.abs(histogram.maxValue / all[1]! - 1)).toBeLessThan(0.001);
  }
  expect(reader.nextIntervalHistogram()).toBeNull();
});
