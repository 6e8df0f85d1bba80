import type { Spread } from '../harness.ts';
import type { Machine } from '../machine.ts';
import type { ContenderFigures, LoadFigures } from './figures.ts';
import type { CapacityReading } from './lane.ts';
import { type Durations, type LaneName, LOADS } from './plan.ts';
import { isOverload, type TargetLine } from './targets.ts';

/** One lane, measured. */
export interface LaneReport {
  readonly lane: LaneName;
  readonly work: string;
  readonly sloMs: number;
  readonly durations: Durations;
  readonly capacity: readonly CapacityReading[];
  /** Of all the times that it was measured. */
  readonly capacityPerSecond: Spread;
  /** Medians over the rounds. */
  readonly contenders: readonly ContenderFigures[];
  /** Each round of each contender. */
  readonly rounds: readonly (readonly ContenderFigures[])[];
}

/** What `--json` writes. */
export interface OverloadReport {
  readonly bench: 'overload';
  readonly takenAt: string;
  readonly size: string;
  readonly seed: number;
  readonly machine: Machine;
  readonly node: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly lanes: readonly LaneReport[];
  readonly targets: readonly TargetLine[];
}

/** A table for each lane, and below them the targets. */
export function renderOverload(report: OverloadReport): string {
  const { machine, node, versions, lanes, targets, seed } = report;
  const { cpu, cores, memoryGiB, system, loadBefore } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node.js ${node}`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}; seed ${seed}`,
    ...(loadBefore > 0.5
      ? [`The machine was busy before this started (load ${loadBefore}): figures are worth less.`]
      : []),
    ...lanes.flatMap(renderLane),
    '',
    ...table(
      targets.map(({ lane, target, measured, verdict }) => [lane, target, measured, verdict]),
      4,
    ),
    '',
  ].join('\n');
}

const HEAD = [
  'contender',
  ...LOADS.map((load) => `${load}x`),
  'p99/SLO',
  'high 2/5/10x',
  'shed .5/.9x',
  'recovery',
  'storm',
];

function renderLane(lane: LaneReport): readonly string[] {
  const readings = lane.capacity.map(
    ({ name, perSecond, withinObjective }) =>
      `${name} ${perSecond.toFixed(0)}${withinObjective ? '' : ' (beyond the objective)'}`,
  );
  const rows = lane.contenders.map((contender) => row(contender, lane));
  const { median, min, max } = lane.capacityPerSecond;
  return [
    '',
    `${lane.lane}: ${lane.work}; objective ${lane.sloMs} ms`,
    `capacity ${median.toFixed(0)} tasks/s, ${min.toFixed(0)} to ${max.toFixed(0)} over the run (first ${readings.join(', ')})`,
    ...table([HEAD, ...rows], 1),
    ...lane.contenders.flatMap((contender, at) => explainInvalid(contender, lane.rounds[at]!)),
  ];
}

function row({ name, loads, storm, recoveryMs, steady }: ContenderFigures, lane: LaneReport): string[] {
  const at = (load: number): LoadFigures => loads.find((one) => one.load === load)!;
  const overloaded = loads.filter(isOverload);
  const worst = Math.max(...overloaded.map(({ p99Ms }) => p99Ms ?? Number.POSITIVE_INFINITY)) / lane.sloMs;
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  const { backMs, stormMs } = lane.durations;
  return [
    `${name}${steady ? '' : ' ~'}`,
    ...loads.map(({ goodput, valid }) => `${goodput.toFixed(3)}${valid ? '' : '!'}`),
    worst.toFixed(2),
    [2, 5, 10].map((load) => at(load).highGoodShare.toFixed(2)).join('/'),
    [0.5, 0.9].map((load) => percent(at(load).rejectedShare)).join('/'),
    seconds(recoveryMs, backMs),
    `${storm.goodput.toFixed(2)}, ${seconds(storm.healthyAfterMs, stormMs)}, ${storm.sendings.toFixed(1)} sent`,
  ];
}

function seconds(ms: number | null, longestMs: number): string {
  return ms === null ? `> ${longestMs / 1_000} s` : `${ms / 1_000} s`;
}

function explainInvalid(
  { name, loads, steady, gaveUp }: ContenderFigures,
  rounds: readonly ContenderFigures[],
): readonly string[] {
  const late = loads.filter(({ valid }) => !valid);
  const lags = late.map(({ load, lagP99Ms }) => `${lagP99Ms.toFixed(1)} ms at ${load}x`);
  const drifted = rounds
    .filter((round) => !round.steady)
    .map(({ capacityAround }) => capacityAround.map((perSecond) => perSecond.toFixed(0)).join(' to '));
  const left = steady ? `left out ${drifted.length} of ${rounds.length} rounds` : 'not valid';
  return [
    ...(late.length > 0 ? [`! ${name}: the generator was late, p99 ${lags.join(', ')}: not valid`] : []),
    ...(gaveUp ? [`! ${name}: the generator fell hopelessly behind and stopped: not valid`] : []),
    ...(drifted.length > 0 ? [`~ ${name}: the capacity went from ${drifted.join(', ')}: ${left}`] : []),
  ];
}

/** Columns from `firstRight` on are flush right. */
function table(lines: readonly (readonly string[])[], firstRight: number): readonly string[] {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]!.length))) ?? [];
  return lines.map((line) =>
    line
      .map((cell, column) =>
        column >= firstRight ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
