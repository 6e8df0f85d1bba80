import type { StepStatus } from '../contract/workflow.ts';
import type { Bottleneck, StepProgress, WorkflowStatus } from '../contract/workflow-status.ts';
import { countText, durationText, plural, shortText } from '../report/number-text.ts';

/** Where the picture is drawn. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly hasColor: boolean;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

const SYMBOLS: Readonly<Record<StepStatus, string>> = {
  waiting: '·',
  running: '▸',
  parked: '?',
  succeeded: '✓',
  skipped: '↷',
  failed: '✗',
  cancelled: '■',
};
const COLORS: Readonly<Record<StepStatus, number>> = {
  waiting: 90,
  running: 36,
  parked: 35,
  succeeded: 32,
  skipped: 33,
  failed: 31,
  cancelled: 33,
};
const WORDS: Readonly<Record<StepStatus, string>> = {
  waiting: 'waits',
  running: 'running',
  parked: 'waits for a person',
  succeeded: 'done',
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'cancelled',
};
const MOST_NAME = 28;
const BAR_SIZE = 24;
const ITEM_BAR_SIZE = 10;

/** A step, of the workflow that is run or of one that does the work of a step. */
interface Row {
  readonly step: StepProgress;
  readonly name: string;
}

/** A line for each step, those of workflows in workflows below theirs, and one for the whole. */
export function treeLines(status: WorkflowStatus, canvas: Canvas): readonly string[] {
  const all = rowsOf(status, '');
  const shown = mostTelling(all, Math.max(1, canvas.rows - 3));
  const nameWidth = Math.min(MOST_NAME, Math.max(...all.map(({ name }) => name.length)));
  const whoWidth = Math.min(MOST_NAME, Math.max(...all.map(({ step }) => step.who.length)));
  const lines = shown.map((row) => stepLine(row, nameWidth, whoWidth, canvas));
  const hidden = all.length - shown.length;
  if (hidden > 0)
    lines.push(cut(`  ... and ${plural(hidden, 'more step')}: ${countsText(status)}`, canvas.columns));
  return [...lines, barLine(status, canvas)];
}

/** Steps of what does an item or a turn have its number before their names. */
function rowsOf({ steps }: WorkflowStatus, before: string): Row[] {
  const within = `${before.replace(/\[\d+\] $/, '')}  `;
  return steps.flatMap((step) => [
    { step, name: `${before}${step.step}` },
    ...step.nested.flatMap(({ item, status }) =>
      rowsOf(status, item === undefined ? within : `${within}[${item}] `),
    ),
  ]);
}

const INTEREST: Readonly<Record<StepStatus, number>> = {
  parked: 0,
  failed: 1,
  running: 2,
  cancelled: 3,
  skipped: 4,
  waiting: 5,
  succeeded: 6,
};

/** As many as there is room for, in their order. */
function mostTelling(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows;
  const ranked = rows.map((row, at) => ({ row, at }));
  ranked.sort((a, b) => INTEREST[a.row.step.status] - INTEREST[b.row.step.status] || a.at - b.at);
  return ranked
    .slice(0, most)
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

function stepLine({ step, name }: Row, nameWidth: number, whoWidth: number, canvas: Canvas): string {
  const { status, who } = step;
  const text = `${SYMBOLS[status]} ${pad(name, nameWidth)}  ${pad(who, whoWidth)}  ${itemBar(step)}${detailsOf(step)}`;
  const line = cut(text.trimEnd(), canvas.columns);
  return canvas.hasColor ? `\u001b[${COLORS[status]}m${line}\u001b[0m` : line;
}

function itemBar({ status, items }: StepProgress): string {
  if (status !== 'running' || items?.total === undefined) return '';
  return `${barOf((items.completed + items.failed) / Math.max(1, items.total), ITEM_BAR_SIZE)} `;
}

/** What there is to say of a step beside its name. */
export function detailsOf(step: StepProgress): string {
  const { status, items, turns, ms, attempt, reason } = step;
  const notes: string[] = [];
  if (items !== undefined) notes.push(itemsText(step));
  if (turns !== undefined && turns > 0) notes.push(plural(turns, 'turn'));
  if (attempt > 1) notes.push(`attempt ${attempt}`);
  if (ms !== undefined) notes.push(durationText(Math.round(ms)));
  if (reason !== undefined && status !== 'succeeded') notes.push(oneLine(reason));
  return notes.join(', ');
}

function itemsText({ items }: StepProgress): string {
  const { total, completed, failed, parked } = items!;
  const ended = completed + failed;
  const of =
    total === undefined
      ? `${countText(ended)} items so far`
      : `${countText(ended)} of ${plural(total, 'item')}`;
  const bad = failed > 0 ? `, ${countText(failed)} failed` : '';
  return `${of}${bad}${parked > 0 ? `, ${countText(parked)} wait for a person` : ''}`;
}

function barLine(status: WorkflowStatus, { columns, nowMs }: Canvas): string {
  const { percent, perSecond, completion, bottleneck, state } = status;
  const notes = [`${percent.toFixed(percent === 100 ? 0 : 1)} %`];
  if (state !== 'running') notes.push(state);
  if (perSecond > 0) notes.push(`${shortText(perSecond)} /s`);
  if (completion !== undefined) {
    const { atMs, lowMs, highMs } = completion;
    notes.push(`${seconds(atMs - nowMs)} left (${seconds(lowMs - nowMs)} to ${seconds(highMs - nowMs)})`);
  }
  if (bottleneck !== undefined) notes.push(bottleneckText(bottleneck));
  return cut(`${barOf(percent / 100, BAR_SIZE)} ${notes.join(' | ')}`, columns);
}

function barOf(share: number, size: number): string {
  const full = Math.floor(share * size);
  return `[${'='.repeat(full)}${'-'.repeat(size - full)}]`;
}

/** `research (model) is at its concurrency`. */
export function bottleneckText({ step, agent, why }: Bottleneck): string {
  const who = step === undefined ? `${agent}` : agent === undefined ? step : `${step} (${agent})`;
  switch (why) {
    case 'limit':
      return `${who} is at its concurrency`;
    case 'shed':
      return `tasks of ${who} are shed`;
    case 'slow':
      return `busy with ${who}`;
    case 'failed':
      return `${who} is tried again soon`;
    case 'waiting-for-person':
      return `${who} waits for a person`;
    case 'waiting-for-signal':
      return `${who} waits for a signal`;
  }
}

/** `3 done, 2 running, 95 waiting`, without what there is none of. */
export function countsText({ counts }: WorkflowStatus): string {
  const { completed, active, parked, pending, skipped, failed, cancelled } = counts;
  const all = { done: completed, running: active, parked, waiting: pending, skipped, failed, cancelled };
  return Object.entries(all)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${countText(count)} ${word}`)
    .join(', ');
}

/** A step whose state has changed, where there is no terminal to draw on. */
export function changeLine(step: StepProgress): string {
  const details = detailsOf(step);
  return `${step.step} (${step.who}): ${WORDS[step.status]}${details === '' ? '' : `, ${details}`}`;
}

/** How far the whole is, where there is no terminal to draw on. */
export function plainLine(status: WorkflowStatus, canvas: Canvas): string {
  return barLine(status, { ...canvas, columns: Number.POSITIVE_INFINITY });
}

function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1_000));
  if (whole < 120) return `${whole} s`;
  return whole < 7_200 ? `${Math.round(whole / 60)} min` : `${Math.round(whole / 3_600)} h`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function pad(text: string, width: number): string {
  return cut(text, width).padEnd(width);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
