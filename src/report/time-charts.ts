import { type Chart, type ChartSeries, inkOf } from './chart.ts';
import { countText, percentText, shortText } from './number-text.ts';
import type { LoadReport, ReportInterval, ReportLimit } from './report.ts';
import { intervalTable, middles } from './traffic-charts.ts';

const TIME = { label: 'time', unit: 'seconds' } as const;
/** Most limits that get a chart of their own. */
const MAX_LIMITS_DRAWN = 8;

/** Percentile bands of the latency, over time. */
export function bandsChart({ intervals, run }: LoadReport): Chart {
  const shown = ['p50', 'p90', 'p99', 'p999', 'max'] as const;
  const of = (key: (typeof shown)[number]) =>
    intervals.map(({ latencyMs }) => (latencyMs.count === 0 ? null : Math.max(latencyMs[key], 1e-3)));
  const bands = shown.map(
    (key, i): ChartSeries => ({
      label: key === 'p999' ? 'p99.9' : key,
      ink: key === 'p50' ? 'c0' : key === 'p99' ? 'c1' : key === 'max' ? 'muted' : inkOf(i + 1),
      style: key === 'p50' || key === 'p99' ? 'line' : 'edge',
      ...(i > 0 && key !== 'max' ? { fillTo: i - 1 } : {}),
    }),
  );
  const slo = run.sloP99Ms;
  return {
    id: 'bands',
    title: 'Latency over time',
    hint: 'Of the tasks that completed in each interval. Bands that widen together are a queue that grows; a p99 that jumps alone is a pause or a rare slow task.',
    x: TIME,
    left: { label: 'latency', unit: 'ms', log: true },
    series: [
      ...bands,
      ...(slo === null ? [] : [{ label: 'objective', ink: 'slo', style: 'dashed' } as const]),
    ],
    values: [middles(intervals), ...shown.map(of), ...(slo === null ? [] : [intervals.map(() => slo)])],
    table: intervalTable(
      intervals,
      ['completed', ...bands.map(({ label }) => `${label}, ms`)],
      ({ latencyMs }) => [countText(latencyMs.count), ...shown.map((key) => shortText(latencyMs[key]))],
    ),
  };
}

/** One chart a limit: what it was, and how much was running and waiting. */
export function limitCharts({ intervals }: LoadReport): Chart[] {
  const names = [...new Set(intervals.flatMap(({ limits }) => limits.map(({ name }) => name)))];
  return names.slice(0, MAX_LIMITS_DRAWN).map((name, i): Chart => {
    const at = (interval: ReportInterval) => interval.limits.find((limit) => limit.name === name);
    const of = (key: Exclude<keyof ReportLimit, 'name'>) => intervals.map((each) => at(each)?.[key] ?? null);
    return {
      id: `limit-${i}`,
      title: `Limit and in flight: ${name}`,
      hint: 'As of the end of each interval. Running at the limit with a queue behind it is a full lane; running below it with a queue is a limit elsewhere. On threads, batches may put more in flight than there are threads.',
      x: TIME,
      left: { label: 'tasks', unit: 'number' },
      series: [
        { label: 'limit', ink: 'slo', style: 'dashed' },
        { label: 'in flight', ink: 'c0', style: 'line', fillTo: 'zero' },
        { label: 'waiting (right)', ink: 'c1', style: 'line', axis: 'right' },
      ],
      right: { label: 'waiting tasks', unit: 'number' },
      values: [middles(intervals), of('concurrency'), of('running'), of('waiting')],
      table: intervalTable(intervals, ['limit', 'in flight', 'waiting'], (interval) => {
        const limit = at(interval);
        return limit === undefined
          ? ['', '', '']
          : [limit.concurrency, limit.running, limit.waiting].map(shortText);
      }),
    };
  });
}

/** How late the main thread's event loop was, and how busy. */
export function loopChart({ intervals }: LoadReport): Chart {
  const shown = ['p50', 'p99', 'max'] as const;
  return {
    id: 'loop',
    title: 'Event-loop delay',
    hint: 'Delay of the main thread, where every task is admitted and settled. A delay near the objective, or a loop that is busy all the time, makes every latency here worse; late arrivals mean that the generator could not keep its schedule.',
    x: TIME,
    left: { label: 'delay', unit: 'ms' },
    right: { label: 'busy', unit: 'percent' },
    series: [
      { label: 'p50', ink: 'c0', style: 'line' },
      { label: 'p99', ink: 'c1', style: 'line' },
      { label: 'max', ink: 'muted', style: 'edge' },
      { label: 'late arrivals, at worst', ink: 'c3', style: 'dashed' },
      { label: 'busy (right)', ink: 'c2', style: 'line', axis: 'right' },
    ],
    values: [
      middles(intervals),
      ...shown.map((key) => intervals.map(({ loopDelayMs }) => loopDelayMs[key])),
      intervals.map(({ generatorLagMs }) => generatorLagMs),
      intervals.map(({ loopUtilization }) => loopUtilization),
    ],
    table: intervalTable(intervals, ['p50, ms', 'p99, ms', 'max, ms', 'late, ms', 'busy'], (i) => [
      ...shown.map((key) => shortText(i.loopDelayMs[key])),
      shortText(i.generatorLagMs),
      percentText(i.loopUtilization),
    ]),
  };
}

/** Memory of the process. */
export function memoryChart({ intervals }: LoadReport): Chart {
  const resident = intervals.map(({ rssBytes }) => rssBytes / 2 ** 20);
  const heap = intervals.map(({ heapUsedBytes }) => heapUsedBytes / 2 ** 20);
  return {
    id: 'memory',
    title: 'Memory',
    hint: 'Of the whole process, and of the main thread’s heap. A heap whose valleys rise for the whole run is a leak or a queue without a bound.',
    x: TIME,
    left: { label: 'memory', unit: 'mebibytes' },
    series: [
      { label: 'resident', ink: 'c0', style: 'line' },
      { label: 'heap in use', ink: 'c4', style: 'line', fillTo: 'zero' },
    ],
    values: [middles(intervals), resident, heap],
    table: intervalTable(intervals, ['resident, MiB', 'heap, MiB'], (_, i) =>
      [resident, heap].map((values) => shortText(values[i]!)),
    ),
  };
}
