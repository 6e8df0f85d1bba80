import { relative } from 'node:path';
import type { LatencySummary } from '../contract/stats.ts';
import { percentText, plural } from '../report/number-text.ts';
import type { LoadReport, ReportCounts } from '../report/report.ts';
import { type Alignment, table } from '../report/text-table.ts';
import type { WrittenLoad } from './run-load.ts';

/** A load run as a reader sees it on the screen. */
export function renderLoad(written: WrittenLoad, cwd: string): string {
  const { report, paths } = written;
  const sections = [
    headline(report),
    section('Tasks', taskTable(report)),
    section('Latency in ms, from the intended arrival, of completed tasks', latencyTable(report)),
    notes(written),
    validity(report),
    section(
      'Files',
      paths.map((path) => `  ${relative(cwd, path) || path}`),
    ),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function headline({ run, totals }: LoadReport): string {
  const { engine, warmupMs, durationMs, config } = run;
  const policy = engine.threshold === null ? engine.policy : `${engine.policy} at ${engine.threshold}`;
  const objective = run.sloP99Ms === null ? 'none' : `p99 within ${run.sloP99Ms} ms`;
  const perSecond = (1_000 * totals.offered) / durationMs;
  return [
    `${run.target}: ${plural(totals.offered, 'task')} in ${seconds(durationMs)} (${perSecond.toFixed(1)} /s) after ${seconds(warmupMs)} of warm-up`,
    `  arrivals: ${arrivalsText(run.arrivals)}, seed: ${run.seed}`,
    `  threads: ${engine.threads}, policy: ${policy}, queue limit: ${engine.queueLimit}, objective: ${objective}`,
    ...(config === null ? [] : [`  configuration: ${config}`]),
  ].join('\n');
}

function arrivalsText({ kind, ...parameters }: LoadReport['run']['arrivals']): string {
  const shown = (name: string, text: (value: string) => string): string[] => {
    const value = parameters[name];
    if (value === undefined || value === null) return [];
    return [text(typeof value === 'number' ? String(Number(value.toPrecision(4))) : value)];
  };
  return [
    kind,
    ...shown('file', (file) => `${file}`),
    ...shown('speed', (speed) => `${speed} times as fast`),
    ...shown('ratePerSecond', (rate) => `${rate} /s`),
    ...shown('toRatePerSecond', (rate) => `then ${rate} /s`),
    ...shown('burstFactor', (factor) => `bursts of ${factor} times that`),
    ...shown('capacityPerSecond', (capacity) => `capacity found: ${capacity} /s`),
  ].join(', ');
}

/** All tasks, then those of each agent and each priority if there are several. */
function groups({ totals, latencyMs, agents, priorities }: LoadReport) {
  return [
    { name: 'all', counts: totals, latencyMs },
    ...(agents.length < 2 ? [] : agents.map((a) => ({ name: a.name, counts: a, latencyMs: a.latencyMs }))),
    ...(priorities.length < 2
      ? []
      : priorities.map((p) => ({ name: p.priority, counts: p, latencyMs: p.latencyMs }))),
  ];
}

function taskTable(report: LoadReport): string[] {
  const hasObjective = report.run.sloP99Ms !== null;
  const head = [
    '',
    'offered',
    'admitted',
    'completed',
    'within objective',
    'failed',
    'unfinished',
    'shed',
    '',
  ];
  const rows = groups(report).map(({ name, counts }) => [
    name,
    String(counts.offered),
    String(counts.offered - counts.rejected),
    String(counts.completed),
    hasObjective
      ? `${counts.withinSlo} (${percentText(counts.withinSlo / Math.max(1, counts.offered))})`
      : '',
    String(counts.failed + counts.cancelled),
    String(unfinished(counts)),
    String(counts.rejected),
    shedText(counts),
  ]);
  // A column that says nothing is left out.
  const isShown = head.map((title, i) => title !== 'within objective' || rows.some((row) => row[i] !== ''));
  const only = (cells: readonly string[]) => cells.filter((_, i) => isShown[i]);
  const last = isShown.filter(Boolean).length - 1;
  const alignments = Array.from(
    { length: last + 1 },
    (_, i): Alignment => (i === 0 || i === last ? 'left' : 'right'),
  );
  return table(only(head), rows.map(only), alignments);
}

function unfinished(counts: ReportCounts): number {
  return counts.offered - counts.completed - counts.failed - counts.cancelled - counts.rejected;
}

function shedText({ shed }: ReportCounts): string {
  return Object.entries(shed)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
}

function latencyTable(report: LoadReport): string[] {
  const row = (name: string, kind: string, l: LatencySummary) => [
    name,
    kind,
    ...[l.mean, l.p50, l.p90, l.p99, l.p999, l.max].map((ms) => ms.toFixed(2)),
  ];
  const rows = groups(report).map(({ name, latencyMs }) => row(name, '', latencyMs));
  for (const { name, waitMs, serviceMs } of report.agents) {
    rows.push(row(name, 'wait', waitMs), row('', 'service', serviceMs));
  }
  return table(['', '', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'], rows, ['left', 'left']);
}

function notes({ report, unfinished: open, firstFailure }: WrittenLoad): string {
  const lines: string[] = [];
  const { sloP99Ms } = report.run;
  if (sloP99Ms !== null && report.totals.completed === 0) {
    lines.push('Objective: missed, no task completed');
  } else if (sloP99Ms !== null) {
    const met = report.latencyMs.p99 <= sloP99Ms ? 'met' : 'missed';
    lines.push(
      `Objective: ${met}, p99 of completed tasks is ${report.latencyMs.p99.toFixed(1)} ms of ${sloP99Ms} ms`,
    );
  }
  if (open > 0) {
    lines.push(
      `${plural(open, 'task')} had not ended when the drain was over: true latencies are higher; raise --drain`,
    );
  }
  if (firstFailure !== undefined) lines.push(`First failure: ${firstFailure}`);
  return lines.join('\n');
}

function validity({ validity: { valid, reasons, lagMs } }: LoadReport): string {
  const lag = `p99 ${lagMs.p99.toFixed(2)} ms, at most ${lagMs.max.toFixed(2)} ms late`;
  if (valid) return `Valid: the generator was ${lag}`;
  return [
    'INVALID: this run proves nothing about the engine',
    ...reasons.map((reason) => `  ${reason}`),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines].join('\n');
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(2))} s`;
}
