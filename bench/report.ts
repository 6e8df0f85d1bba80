import type { Machine } from './machine.ts';
import type { Row } from './row.ts';

/** What `--json` writes. */
export interface Report {
  readonly bench: string;
  readonly takenAt: string;
  readonly size: string;
  readonly machine: Machine;
  readonly node: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

const HEAD = ['case', 'unit', 'spillway', 'min..max', 'best peer', '', 'ratio', 'target', '', 'hash'];
/** Columns of numbers are flush right. */
const RIGHT = new Set([2, 5, 6]);

/** The rows as a table, and below it what explains them. */
export function renderReport({ machine, node, versions, rows }: Report): string {
  const cells = rows.map((row) => [
    row.case,
    row.unit,
    show(row.spillway),
    range(row),
    row.bestPeer ?? '-',
    show(row.bestPeer === null ? null : (row.peers[row.bestPeer] ?? null)),
    row.ratio === null ? '-' : `${row.ratio.toFixed(2)}x`,
    row.target,
    row.pass ? 'pass' : 'MISS',
    row.sameResults ? (row.hash ?? '-') : 'DIFFERENT RESULTS',
  ]);
  const { cpu, cores, memoryGiB, system, loadBefore } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node.js ${node}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    ...(loadBefore > 0.5
      ? [`The machine was busy before this started (load ${loadBefore}): figures are worth less.`]
      : []),
    '',
    ...table([HEAD, ...cells]),
    '',
    ...rows.flatMap(explain),
    '',
  ].join('\n');
}

function table(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) =>
        RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Peers from best to worst, notes and failures, a line each. */
function explain(row: Row): readonly string[] {
  const lessIsBetter = row.target.includes('<');
  const peers = Object.entries(row.peers)
    .sort(([, a], [, b]) => (lessIsBetter ? a - b : b - a))
    .map(([name, value]) => `${name} ${show(value)}`);
  const notes = Object.entries(row.notes).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? show(value) : value}`,
  );
  const failures = Object.entries(row.failures).map(([name, message]) => `  ${name}: ${message}`);
  return [
    `${row.case}: ${[...peers, ...notes].join(', ') || 'no peers'} (${row.rounds} rounds)`,
    ...failures,
  ];
}

function range(row: Row): string {
  const spread = row.spread.spillway;
  return spread === undefined ? '-' : `${show(spread.min)}..${show(spread.max)}`;
}

/** Three significant digits, or all that are whole, with thousands set apart. */
function show(value: number | null): string {
  if (value === null) return '-';
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
