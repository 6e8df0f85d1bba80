import { SHED_REASONS, type ShedReason } from '../contract/errors.ts';
import { type Chart, type ChartSeries, inkOf } from './chart.ts';
import { countText, shortText } from './number-text.ts';
import type { LoadReport, ReportInterval } from './report.ts';

/**
 * Gives the function that makes a count of an interval tasks a second. What is shorter than half of the longest interval,
 * such as the end of the drain, counts as that long: a handful of tasks would look like a peak.
 */
function rateIn(intervals: readonly ReportInterval[]): (interval: ReportInterval, count: number) => number {
  const longestMs = intervals.reduce((most, { startMs, endMs }) => Math.max(most, endMs - startMs), 1e-3);
  return ({ startMs, endMs }, count) => (1_000 * count) / Math.max(endMs - startMs, longestMs / 2);
}

/** Middles of the intervals, in seconds. */
export function middles(intervals: readonly ReportInterval[]): number[] {
  return intervals.map(({ startMs, endMs }) => (startMs + endMs) / 2_000);
}

/** What was offered, what was let in and what was turned away why, stacked. */
export function admissionChart({ intervals }: LoadReport): Chart {
  const reasons = (Object.keys(SHED_REASONS) as ShedReason[]).filter((reason) =>
    intervals.some(({ shed }) => (shed[reason] ?? 0) > 0),
  );
  const rate = rateIn(intervals);
  const admitted = intervals.map((i) => rate(i, Math.max(0, i.offered - i.rejected)));
  const layers = [admitted, ...reasons.map((reason) => intervals.map((i) => rate(i, i.shed[reason] ?? 0)))];
  const labels = ['admitted', ...reasons.map((reason) => `shed: ${reason}`)];
  const sums: number[][] = [];
  for (const layer of layers) sums.push(layer.map((value, i) => value + (sums.at(-1)?.[i] ?? 0)));
  return {
    id: 'admission',
    title: 'Admitted and shed, by reason',
    hint: 'Stacked: the top edge is what was offered. A steady band of shed work under overload is admission doing its duty; shed work while the limits have room means that a bound is too small.',
    x: { label: 'time', unit: 'seconds' },
    left: { label: 'tasks per second', unit: 'number' },
    series: labels.map(
      (label, i): ChartSeries => ({
        label,
        ink: inkOf(i === 0 ? 2 : i === 1 ? 1 : i + 2),
        style: 'edge',
        fillTo: i === 0 ? 'zero' : i - 1,
        told: layers[i]!,
      }),
    ),
    values: [middles(intervals), ...sums],
    table: intervalTable(intervals, labels, (_, i) => layers.map((layer) => shortText(layer[i]!))),
  };
}

/** Offered, completed and completed in time, over time. */
export function throughputChart({ intervals, run }: LoadReport): Chart {
  const rate = rateIn(intervals);
  const offered = intervals.map((i) => rate(i, i.offered));
  const done = intervals.map((i) => rate(i, i.completed));
  const good = intervals.map((i) => rate(i, i.withinSlo));
  const inTime = run.sloP99Ms === null ? 'completed (no objective)' : 'completed in time';
  return {
    id: 'throughput',
    title: 'Throughput over time',
    hint: 'The gap between completed and completed in time is work that was done for nothing. Goodput that falls while the offered load grows is congestion collapse.',
    x: { label: 'time', unit: 'seconds' },
    left: { label: 'tasks per second', unit: 'number' },
    series: [
      { label: 'offered', ink: 'muted', style: 'dashed' },
      { label: 'completed', ink: 'c0', style: 'line' },
      { label: inTime, ink: 'c2', style: 'line', fillTo: 'zero' },
    ],
    values: [middles(intervals), offered, done, good],
    table: intervalTable(intervals, ['offered', 'completed', 'in time', 'failed', 'cancelled'], (i) =>
      [i.offered, i.completed, i.withinSlo, i.failed, i.cancelled].map(countText),
    ),
  };
}

/** Each interval as a point: what was offered, and what was completed in time. */
export function goodputChart({ intervals }: LoadReport): Chart {
  const rate = rateIn(intervals);
  const points = intervals
    // After its end a run only waits for what is outstanding.
    .filter(({ phase }) => phase === 'load')
    .map((i) => [rate(i, i.offered), rate(i, i.withinSlo)] as const)
    .sort(([a], [b]) => a - b);
  const offered = points.map(([x]) => x);
  return {
    id: 'goodput',
    title: 'Goodput against offered load',
    hint: 'One point an interval. On the diagonal everything offered was done in time. The height at which the points leave it is the capacity; to the right of it they should stay level, not fall.',
    x: { label: 'offered, tasks per second', unit: 'number' },
    left: { label: 'in time, tasks per second', unit: 'number' },
    series: [
      { label: 'all of it', ink: 'muted', style: 'dashed' },
      { label: 'completed in time', ink: 'c2', style: 'points' },
    ],
    values: [offered, offered, points.map(([, y]) => y)],
    table: {
      head: ['offered/s', 'in time/s'],
      rows: thinned(points).map((point) => point.map(shortText)),
    },
  };
}

/** Rows of a table over time: one an interval, or fewer of them if there are very many. */
export function intervalTable(
  intervals: readonly ReportInterval[],
  head: readonly string[],
  cells: (interval: ReportInterval, index: number) => readonly string[],
) {
  const rows = intervals.map((interval, i) => [shortText(interval.startMs / 1_000), ...cells(interval, i)]);
  return { head: ['from, s', ...head], rows: thinned(rows) };
}

/** Most rows of a table; `report.json` has them all. */
const MAX_ROWS = 300;

function thinned<T>(rows: readonly T[]): readonly T[] {
  const every = Math.ceil(rows.length / MAX_ROWS);
  return rows.filter((_, i) => i % every === 0);
}
