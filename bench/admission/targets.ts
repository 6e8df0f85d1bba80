import type { LaneName } from '../../test/simulation/workload.ts';
import { SPILLWAY } from '../row.ts';
import type { Figures, Part, Row } from './case.ts';
import { KNEES, LOADS, loadName, RECOVERY } from './plan.ts';

/** A figure that Spillway has to reach. */
export interface Target {
  readonly label: string;
  readonly sign: '>=' | '<=';
  readonly bound: number;
  /** The rows that it is about. For each seed the worst of them counts. */
  readonly rows: (row: Row) => boolean;
  readonly figure: (figures: Figures) => number;
}

/** What became of a target. */
export interface Verdict {
  readonly label: string;
  readonly target: string;
  /** Over the seeds. */
  readonly median: number;
  readonly worst: number;
  /** Whether the median reaches it. */
  readonly pass: boolean;
  /** Whether every seed does. */
  readonly everySeed: boolean;
}

const goodput = ({ goodput }: Figures) => goodput;
const p99 = ({ p99 }: Figures) => p99;
const rejected = ({ rejected }: Figures) => rejected;
const high = ({ good }: Figures) => good[0]!;
const never = (seconds: number | null) => seconds ?? Number.POSITIVE_INFINITY;
const recovered = ({ recoveryS }: Figures) => never(recoveryS);

/** Spillway's rows of a part and a lane with one of the names; all loads above capacity by default. */
function of(part: Part, lane: LaneName, names: readonly string[] = LOADS.map(loadName), knee?: number) {
  return (row: Row) =>
    row.contender === SPILLWAY &&
    row.part === part &&
    row.lane === lane &&
    names.includes(row.name) &&
    (knee === undefined || row.knee === knee);
}

const hard = (name: string) => of('hard', 'loop', [name]);

const CPU: readonly Target[] = [
  {
    label: 'CPU 1.2x to 10x: goodput',
    sign: '>=',
    bound: 0.98,
    rows: of('loads', 'threads'),
    figure: goodput,
  },
  { label: 'CPU 1.2x to 10x: p99 / SLO', sign: '<=', bound: 0.9, rows: of('loads', 'threads'), figure: p99 },
  {
    label: 'CPU to 5x: high priority',
    sign: '>=',
    bound: 0.99,
    rows: of('loads', 'threads', ['1.2x', '2x', '5x']),
    figure: high,
  },
  {
    label: 'CPU 10x: high priority',
    sign: '>=',
    bound: 0.95,
    rows: of('loads', 'threads', ['10x']),
    figure: high,
  },
  {
    label: 'CPU 0.5x: false rejections',
    sign: '<=',
    bound: 0,
    rows: of('loads', 'threads', ['0.5x']),
    figure: rejected,
  },
  {
    label: 'CPU 0.9x: false rejections',
    sign: '<=',
    bound: 0.025,
    rows: of('loads', 'threads', ['0.9x']),
    figure: rejected,
  },
  {
    label: 'CPU: recovery, s',
    sign: '<=',
    bound: 2,
    rows: of('loads', 'threads', [RECOVERY]),
    figure: recovered,
  },
];

const HARD: readonly Target[] = [
  { label: 'step to 5x: goodput', sign: '>=', bound: 0.95, rows: hard('step to 5x'), figure: goodput },
  { label: 'step to 5x: p99 / SLO', sign: '<=', bound: 1, rows: hard('step to 5x'), figure: p99 },
  ...['knee 64 to 24', 'knee 64 to 24, load too'].flatMap((name): Target[] => [
    { label: `${name}: goodput`, sign: '>=', bound: 0.9, rows: hard(name), figure: goodput },
    { label: `${name}: p99 / SLO`, sign: '<=', bound: 1, rows: hard(name), figure: p99 },
  ]),
  { label: 'mix flip: goodput', sign: '>=', bound: 0.9, rows: hard('mix flip'), figure: goodput },
  ...['slow-down x4', 'slow-down x4, load too'].map(
    (name): Target => ({
      label: `${name}: goodput`,
      sign: '>=',
      bound: 0.85,
      rows: hard(name),
      figure: goodput,
    }),
  ),
  {
    label: 'cold start, s',
    sign: '<=',
    bound: 15,
    rows: hard('cold start at 2x'),
    figure: ({ coldStartS }) => never(coldStartS),
  },
  { label: 'burst: p99 / SLO', sign: '<=', bound: 1, rows: hard('burst'), figure: p99 },
  { label: 'burst: high priority', sign: '>=', bound: 0.95, rows: hard('burst'), figure: high },
  { label: 'retry storm: recovery, s', sign: '<=', bound: 60, rows: hard('retry storm'), figure: recovered },
];

/** The targets of one knee, in the order of the sweep's columns. */
export function kneeTargets(knee: number): readonly Target[] {
  const label = `I/O knee ${knee}`;
  return [
    {
      label: `${label}: goodput`,
      sign: '>=',
      bound: 0.95,
      rows: of('knees', 'loop', undefined, knee),
      figure: goodput,
    },
    {
      label: `${label}: p99 / SLO`,
      sign: '<=',
      bound: 0.9,
      rows: of('knees', 'loop', undefined, knee),
      figure: p99,
    },
    {
      label: `${label}: false rejections, 0.9x`,
      sign: '<=',
      bound: 0.01,
      rows: of('knees', 'loop', ['0.9x'], knee),
      figure: rejected,
    },
    {
      label: `${label}: recovery, s`,
      sign: '<=',
      bound: 10,
      rows: of('knees', 'loop', [RECOVERY], knee),
      figure: recovered,
    },
  ];
}

export const TARGETS: readonly Target[] = [...CPU, ...KNEES.flatMap(kneeTargets), ...HARD];

/** `undefined` if nothing that the target is about was run. */
export function judge(
  { label, sign, bound, rows: isMeant, figure }: Target,
  rows: readonly Row[],
): Verdict | undefined {
  const meant = rows.filter(isMeant);
  if (meant.length === 0) return undefined;
  const isMore = sign === '>=';
  const worse = (values: readonly number[]) => (isMore ? Math.min(...values) : Math.max(...values));
  const bySeed = meant[0]!.runs.map((_, seed) => worse(meant.map(({ runs }) => figure(runs[seed]!))));
  const reaches = (value: number) => (isMore ? value >= bound : value <= bound);
  const median = medianOf(bySeed);
  return {
    label,
    target: `${sign} ${bound}`,
    median,
    worst: worse(bySeed),
    pass: reaches(median),
    everySeed: bySeed.every(reaches),
  };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
