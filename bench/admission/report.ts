import type { LaneName } from '../../test/simulation/workload.ts';
import { SPILLWAY } from '../row.ts';
import type { Figures, Row } from './case.ts';
import { LOADS, loadName } from './plan.ts';
import { judge, kneeTargets, medianOf, TARGETS, type Verdict } from './targets.ts';

/** What `--json` writes. Equal for equal seeds and size. */
export interface Report {
  readonly bench: 'admission';
  readonly size: string;
  /** First seed and how many, for Spillway and for the others. */
  readonly seeds: { readonly spillway: number; readonly others: number };
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
}

export function verdictsOf(rows: readonly Row[]): readonly Verdict[] {
  return TARGETS.flatMap((target) => judge(target, rows) ?? []);
}

/** Everything as text: the loads, the knees, what is hard, and what was to be reached. */
export function renderReport({ rows, verdicts, seeds }: Report): string {
  return [
    `Seeds: ${seeds.spillway} for ${SPILLWAY}, ${seeds.others} for the others. Medians; worst (p99) and in brackets: of any seed.`,
    '',
    ...section('Loads (CPU: 2 threads; I/O: knee 64)', loadTable(rows)),
    ...section('Knees', kneeTable(rows)),
    ...section('Where it gets hard (I/O)', hardTable(rows)),
    ...section('Targets', targetTable(verdicts)),
  ].join('\n');
}

type Line = readonly string[];

function section(title: string, lines: readonly Line[]): readonly string[] {
  return lines.length < 2 ? [] : [title, ...align(lines), ''];
}

function loadTable(rows: readonly Row[]): readonly Line[] {
  const part = rows.filter(({ part }) => part === 'loads');
  const names = LOADS.map(loadName).filter((name) => part.some((row) => row.name === name));
  const list = names.join('/');
  const head = ['controller'];
  const lanes: readonly (readonly [string, LaneName])[] = [
    ['CPU', 'threads'],
    ['I/O', 'loop'],
  ];
  for (const [label] of lanes)
    head.push(`${label} goodput ${list}`, 'worst p99/SLO', `high priority ${list}`);
  const contenders = [...new Set(part.map(({ contender }) => contender))];
  const lines = contenders.map((contender) => {
    const cells = [contender];
    for (const [, lane] of lanes) {
      const own = names.flatMap((name) =>
        part.filter((row) => row.contender === contender && row.lane === lane && row.name === name),
      );
      cells.push(
        own.map((row) => share(median(row, ({ goodput }) => goodput))).join('/'),
        Math.max(...own.flatMap(({ runs }) => runs.map(({ p99 }) => p99))).toFixed(2),
        own.map((row) => share(median(row, ({ good }) => good[0]!))).join('/'),
      );
    }
    return cells;
  });
  return [head, ...lines];
}

function kneeTable(rows: readonly Row[]): readonly Line[] {
  const knees = [...new Set(rows.filter(({ part }) => part === 'knees').map(({ knee }) => knee))];
  const head = [
    'knee',
    'goodput >= .95',
    'p99/SLO <= .9',
    'false rejections at 0.9x <= 1 %',
    'recovery <= 10 s',
  ];
  const show = [share3, share, percent, seconds] as const;
  const lines = knees.map((knee) => [
    String(knee),
    ...kneeTargets(knee).map((target, column) => {
      const verdict = judge(target, rows);
      if (verdict === undefined) return '-';
      const { median, worst, pass, everySeed } = verdict;
      const text = `${show[column]!(median)} (${show[column]!(worst)})`;
      return `${text}${pass ? (everySeed ? '' : ' *') : ' MISS'}`;
    }),
  ]);
  return [head, ...lines];
}

function hardTable(rows: readonly Row[]): readonly Line[] {
  const head = [
    'scenario',
    'controller',
    'goodput',
    'p99/SLO',
    'good high/normal/low',
    'rejected',
    'recovery',
    'cold start',
  ];
  let name = '';
  const lines = rows
    .filter(({ part }) => part === 'hard')
    .map((row) => {
      const first = row.name === name ? '' : row.name;
      name = row.name;
      return [
        first,
        row.contender,
        withWorst(row, ({ goodput }) => goodput, Math.min, share),
        withWorst(row, ({ p99 }) => p99, Math.max, share),
        [0, 1, 2].map((cls) => share(median(row, ({ good }) => good[cls]!))).join('/'),
        percent(median(row, ({ rejected }) => rejected)),
        onlyIf(row, 'recovery', ({ recoveryS }) => recoveryS),
        onlyIf(row, 'cold start', ({ coldStartS }) => coldStartS),
      ];
    });
  return [head, ...lines];
}

function targetTable(verdicts: readonly Verdict[]): readonly Line[] {
  const head = ['figure', 'target', 'median', 'worst', ''];
  const lines = verdicts.map(({ label, target, median, worst, pass, everySeed }) => [
    label,
    target,
    number(median),
    number(worst),
    pass ? (everySeed ? 'pass' : 'pass, not with every seed') : 'MISS',
  ]);
  return [head, ...lines];
}

function median({ runs }: Row, figure: (figures: Figures) => number): number {
  return medianOf(runs.map(figure));
}

function withWorst(
  row: Row,
  figure: (figures: Figures) => number,
  worst: (...values: number[]) => number,
  show: (value: number) => string,
): string {
  return `${show(median(row, figure))} (${show(worst(...row.runs.map(figure)))})`;
}

/** A figure that belongs to a few scenarios only. */
function onlyIf(row: Row, kind: string, figure: (figures: Figures) => number | null): string {
  const belongs = kind === 'cold start' ? row.name.startsWith('cold') : /^re/.test(row.name);
  return belongs
    ? withWorst(row, (figures) => figure(figures) ?? Number.POSITIVE_INFINITY, Math.max, seconds)
    : '-';
}

const share = (value: number) => value.toFixed(2);
const share3 = (value: number) => value.toFixed(3);
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const seconds = (value: number) => (Number.isFinite(value) ? `${Number(value.toFixed(1))} s` : 'never');
const number = (value: number) => (Number.isFinite(value) ? String(Number(value.toFixed(4))) : 'never');

function align(lines: readonly Line[]): readonly string[] {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
