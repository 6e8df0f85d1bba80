import type { Policy } from '../subject.ts';
import { type Endings, type Finding, RULES, type RuleName } from './checker.ts';
import type { Death } from './kinds.ts';
import type { MemoryFigures } from './memory.ts';

/** What `--json` writes. */
export interface ChaosReport {
  readonly bench: 'chaos';
  readonly seed: number;
  readonly policy: Policy;
  /** The mistake that was built in on purpose. */
  readonly bug: string | undefined;
  /** How often the number of threads was changed. */
  readonly scaled: number;
  readonly tasks: number;
  readonly tookMs: number;
  readonly endings: Endings;
  /** Attempts that failed and were followed by another one. */
  readonly retries: number;
  /** Runs beyond those that retries are the reason of, because a thread died before the result was known. */
  readonly reruns: number;
  readonly recycled: number;
  readonly bulkCancels: number;
  readonly faults: number;
  readonly deaths: readonly { readonly death: Death; readonly wanted: number; readonly died: number }[];
  /** From a thread's death until another takes work in its place, in milliseconds. */
  readonly replacedMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly memory: MemoryFigures;
  readonly findings: readonly Finding[];
}

/** Findings of one rule that are shown. */
const SHOWN = 5;
export const REPLACED_P99_MS = 1_000;

/** Figures that a run has to reach beside being right. */
export function missesOf({ deaths, replacedMs }: ChaosReport): readonly string[] {
  const misses = deaths
    .filter(({ wanted, died }) => died < wanted)
    .map(({ death, wanted, died }) => `only ${died} died of "${death}", at least ${wanted} were wanted`);
  if (replacedMs.p99 > REPLACED_P99_MS)
    misses.push(`a thread is replaced within ${show(replacedMs.p99)} ms at p99`);
  return misses;
}

export function renderChaos(report: ChaosReport): string {
  const { seed, policy, tasks, tookMs, endings, reruns, deaths, replacedMs, memory, findings } = report;
  const ended = Object.entries(endings).filter(([, count]) => count > 0);
  const misses = missesOf(report);
  return [
    `chaos, seed ${seed}, policy ${policy}: ${show(tasks)} tasks in ${show(tookMs / 1_000)} s`,
    '',
    ...table([['tasks that ended', ''], ...ended.map(([ending, count]) => [`  ${ending}`, show(count)])]),
    `  run again after their thread died  ${show(reruns)}`,
    `  failed and tried again             ${show(report.retries)}`,
    `bulk cancels      ${show(report.bulkCancels)}`,
    `faults injected   ${show(report.faults)}`,
    `threads recycled  ${show(report.recycled)}`,
    '',
    ...table([
      ['threads that died', 'died', 'wanted'],
      ...deaths.map(({ death, wanted, died }) => [`  ${death}`, show(died), `>= ${show(wanted)}`]),
    ]),
    '',
    `replaced after    p50 ${show(replacedMs.p50)} ms, p99 ${show(replacedMs.p99)} ms, max ${show(replacedMs.max)} ms`,
    ...(report.scaled > 0 ? [`threads scaled    ${show(report.scaled)} times`] : []),
    `resident memory   ${memory.windowsMb.length === 0 ? 'the run was too short to tell' : `${memory.windowsMb.map(show).join(', ')} MB in the second half, ${show(memory.firstHalfMb)} MB in the first: rose by ${Math.round(memory.rise * 1_000) / 10} % at most`}`,
    '',
    ...misses.map((miss) => `MISS: ${miss}`),
    ...Object.keys(RULES).flatMap((rule) => verdictOf(rule as RuleName, findings)),
    findings.length === 0 ? 'verdict: clean' : `verdict: ${show(findings.length)} findings`,
    '',
  ].join('\n');
}

/** A line for the rule, and the first of what was found against it. */
function verdictOf(rule: RuleName, findings: readonly Finding[]): readonly string[] {
  const own = findings.filter((finding) => finding.rule === rule);
  if (own.length === 0) return [`ok    ${RULES[rule]}`];
  const more = own.length > SHOWN ? [`        and ${show(own.length - SHOWN)} more`] : [];
  return [`WRONG ${RULES[rule]}`, ...own.slice(0, SHOWN).map(({ message }) => `        ${message}`), ...more];
}

function table(lines: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

function show(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

/** The value that a share of all lies at or below; 0 if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0;
}
