import { expect, test } from 'vitest';
import { throughputChart } from '../../src/report/traffic-charts.ts';
import { sampleReport } from '../fixtures/sample-report.ts';

test('the few tasks of a short last interval do not look like a peak', () => {
  const report = sampleReport({ durationMs: 3_000 });
  const last = report.intervals.at(-1)!;
  const short = { ...last, startMs: last.endMs, endMs: last.endMs + 20, completed: 15, withinSlo: 15 };
  const { values } = throughputChart({ ...report, intervals: [...report.intervals, short] });
  const longestMs = Math.max(...report.intervals.map(({ startMs, endMs }) => endMs - startMs));
  // Column 2 is what was completed a second.
  expect(values[2]!.at(-1)).toBeCloseTo(15_000 / (longestMs / 2));
  const [first] = report.intervals;
  expect(values[2]![0]).toBeCloseTo((1_000 * first!.completed) / (first!.endMs - first!.startMs));
});
