import { inspect } from 'node:util';
import type { DeadLetter, OpenDeadLetter, RedriveResult } from '../contract/dead-letters.ts';
import { table } from '../report/text-table.ts';

/** Most characters of a message in the list. */
const MESSAGE_CHARS = 60;

/** The letters as a table, a line each. */
export function listText(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'no dead letters\n';
  const rows = letters.map(({ id, failedAtMs, target, code, attempts, message }) => [
    ...[id, timeText(failedAtMs), targetText(target), code, String(attempts.length)],
    message.length > MESSAGE_CHARS ? `${message.slice(0, MESSAGE_CHARS - 1)}…` : message,
  ]);
  const head = ['id', 'failed at', 'target', 'code', 'attempts', 'message'];
  return `${table(head, rows, ['left', 'left', 'left', 'left', 'right', 'left']).join('\n')}\n`;
}

/** All there is to know about one letter. */
export function letterText(letter: OpenDeadLetter): string {
  const { tenant, workflow, tags, redrives } = letter;
  const lines: [string, string][] = [
    ['id', letter.id],
    ['task', letter.taskId],
    ['target', targetText(letter.target)],
    ['agent', letter.agent ?? 'none ran it'],
    ['code', letter.code],
    ['message', letter.message],
    ['submitted', timeText(letter.submittedAtMs)],
    ['failed', timeText(letter.failedAtMs)],
    ['killed', `${letter.kills} threads`],
    ['priority', String(letter.priority)],
    ...(tenant === null ? [] : ([['tenant', tenant]] as [string, string][])),
    ...(workflow ? ([['workflow', workflow]] as [string, string][]) : []),
    ...(tags.length === 0 ? [] : ([['tags', tags.join(', ')]] as [string, string][])),
    ...(redrives === 0 ? [] : ([['run again', `${redrives} times`]] as [string, string][])),
    ...letter.attempts.map(
      ({ agent, lane, startedAtMs, durationMs, code, message }, index): [string, string] => [
        `attempt ${index + 1}`,
        `${timeText(startedAtMs)}, ${Math.round(durationMs)} ms, ${agent} (${lane}): ${code}: ${message}`,
      ],
    ),
    ['input', letter.inputState === 'kept' ? inputText(letter.input) : `not kept: ${letter.inputState}`],
    ['suggestion', letter.suggestion],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, text]) => `${label.padEnd(width)}  ${text}\n`).join('');
}

export function redriveText({ completed, failed, skipped }: RedriveResult): string {
  const sum = `${completed} completed, ${failed} failed again, ${skipped.length} skipped\n`;
  return sum + skipped.map(({ id, why }) => `  ${id}: ${why}\n`).join('');
}

/** What JSON cannot say is shown as text. */
export function letterJson({ input, ...letter }: OpenDeadLetter): object {
  try {
    const json = JSON.stringify(input);
    if (json === undefined || typeof input === 'bigint') throw new TypeError('not JSON');
    return isPlain(input) ? { ...letter, input } : { ...letter, inputText: inputText(input) };
  } catch {
    return { ...letter, inputText: inputText(input) };
  }
}

/** Whether JSON says all of it. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return typeof value !== 'undefined';
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every(isPlain);
}

function inputText(input: unknown): string {
  return inspect(input, { depth: 6, maxArrayLength: 100, maxStringLength: 10_000 });
}

function timeText(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function targetText(target: DeadLetter['target']): string {
  return typeof target === 'string' ? target : `capability ${target.capability}`;
}
