import type uPlot from 'uplot';

/** A color of the page's palette, which differs between light and dark. */
export type Ink = `c${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}` | 'slo' | 'muted';

/** One line, area or cloud of points. */
export interface ChartSeries {
  readonly label: string;
  readonly ink: Ink;
  readonly style: 'line' | 'dashed' | 'points' | 'edge';
  /** Of the y axes; default `left`. */
  readonly axis?: 'left' | 'right';
  /** Fills down to the series of this index, or to zero. */
  readonly fillTo?: number | 'zero';
  /** As in `values`, where the drawn line is a sum: what the legend tells. */
  readonly told?: readonly (number | null)[];
}

export interface ChartAxis {
  readonly label: string;
  readonly unit: 'ms' | 'percent' | 'number' | 'mebibytes';
  readonly log?: boolean;
}

/** All that the page needs to draw one chart; the numbers also stand in a table below it. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What to look for. */
  readonly hint: string;
  readonly x: { readonly label: string; readonly unit: 'nines' | 'seconds' | 'number' };
  readonly left: ChartAxis;
  readonly right?: ChartAxis;
  readonly series: readonly ChartSeries[];
  /** The x values, then those of each series. */
  readonly values: uPlot.AlignedData;
  readonly table: ChartTable;
}

export interface ChartTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Of a series that has no color of its own. */
export function inkOf(index: number): Ink {
  return `c${index % 8}` as Ink;
}
