import { type Chart, type ChartSeries, inkOf } from './chart.ts';
import { Distribution } from './distribution.ts';
import { countText, shortText } from './number-text.ts';
import type { LoadReport, ReportAgent } from './report.ts';

/** Most agents that a chart shows; those with the most tasks. The tables have all. */
export const MAX_AGENTS_DRAWN = 6;
/** Steps of the curve for each nine. */
const STEPS_PER_NINE = 20;
const TABLE_PERCENTILES = [0, 50, 75, 90, 95, 99, 99.9, 99.99] as const;

interface Curve {
  readonly series: ChartSeries;
  readonly distribution: Distribution;
}

/** Latency of everything and of each agent, over percentiles spaced by their nines. */
export function latencyChart(report: LoadReport): Chart {
  const decode = Distribution.decode;
  const curves: Curve[] = [
    {
      series: { label: 'all agents', ink: 'c0', style: 'line' },
      distribution: decode(report.latencyHistogram, 'latencyHistogram'),
    },
    ...(report.agents.length === 1 ? [] : busiest(report.agents)).map(
      (agent, i): Curve => ({
        series: { label: agent.name, ink: inkOf(i + 1), style: 'line' },
        distribution: decode(agent.histograms.latency, 'latency'),
      }),
    ),
  ];
  return curvesChart(curves, report.run.sloP99Ms, {
    id: 'latency',
    title: 'Latency by percentile',
    hint: 'From the intended arrival to the outcome. Each step to the right is one more nine. Look at where a curve crosses the objective: left of 99 %, the objective is missed. A sudden step upward is a queue, a timeout or a pause.',
  });
}

/** Where the time went: wait and service of each agent. */
export function stagesChart(report: LoadReport): Chart {
  const curves = busiest(report.agents).flatMap((agent, i): Curve[] => [
    {
      series: { label: `${agent.name}: wait`, ink: inkOf(i + 1), style: 'dashed' },
      distribution: Distribution.decode(agent.histograms.wait, 'wait'),
    },
    {
      series: { label: `${agent.name}: service`, ink: inkOf(i + 1), style: 'line' },
      distribution: Distribution.decode(agent.histograms.service, 'service'),
    },
  ]);
  return curvesChart(curves, report.run.sloP99Ms, {
    id: 'stages',
    title: 'Wait and service by percentile',
    hint: 'Dashed is waiting for a place, solid is the work itself. Waiting above service means too few places or too long a queue. Service above the objective cannot be tuned away.',
  });
}

function curvesChart(
  curves: readonly Curve[],
  sloMs: number | null,
  words: Pick<Chart, 'id' | 'title' | 'hint'>,
): Chart {
  const most = Math.max(1, ...curves.map(({ distribution }) => distribution.count));
  const nines = Math.max(2, Math.log10(most));
  const xs = Array.from({ length: Math.ceil(nines * STEPS_PER_NINE) + 1 }, (_, i) => i / STEPS_PER_NINE);
  const objective: ChartSeries = { label: 'objective', ink: 'slo', style: 'dashed' };
  const ys = curves.map(({ distribution }) => xs.map((x) => valueAt(distribution, x)));
  return {
    ...words,
    x: { label: 'percentile', unit: 'nines' },
    left: { label: 'latency', unit: 'ms', log: true },
    series: [...curves.map(({ series }) => series), ...(sloMs === null ? [] : [objective])],
    values: [xs, ...ys, ...(sloMs === null ? [] : [xs.map(() => sloMs)])],
    table: {
      head: ['', 'samples', ...TABLE_PERCENTILES.map((p) => (p === 0 ? 'least' : `p${p}`)), 'mean'],
      rows: curves.map(({ series, distribution: d }) => [
        series.label,
        countText(d.count),
        ...TABLE_PERCENTILES.map((p) => shortText(d.quantileMs(p / 100))),
        shortText(d.meanMs),
      ]),
    },
  };
}

/** Nothing where the samples do not reach: one sample stands for no percentile beyond its own rank. */
function valueAt(distribution: Distribution, nines: number): number | null {
  if (distribution.count === 0 || nines > Math.log10(distribution.count) + 1 / STEPS_PER_NINE) return null;
  const ms = distribution.quantileMs(1 - 10 ** -nines);
  // A logarithmic axis has no zero, and what took less than a microsecond is one.
  return ms < 1e-3 ? null : ms;
}

function busiest(agents: readonly ReportAgent[]): readonly ReportAgent[] {
  return [...agents].sort((a, b) => b.completed - a.completed).slice(0, MAX_AGENTS_DRAWN);
}
