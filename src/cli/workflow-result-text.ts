import { inspect } from 'node:util';
import { isMissing, type StepError, type WorkflowResult } from '../contract/workflow.ts';
import { durationText, percentText, plural } from '../report/number-text.ts';

/** Errors that are listed. */
const MOST_ERRORS = 10;

/** What a run ended as, for people. */
export function resultText(run: string, result: WorkflowResult): string {
  const { status, data, errors, compensated, needsAttention } = result;
  const lines = [
    `${run}: ${status} in ${durationText(Math.round(result.metadata.ms))}`,
    metadataText(result),
    '',
  ];
  for (const [name, value] of Object.entries(data as Record<string, unknown>)) {
    lines.push(
      `${name}:`,
      indent(isMissing(value) ? `missing: ${value.$missing.message}` : valueText(value)),
      '',
    );
  }
  if (errors.length > 0) lines.push(...errorLines('errors', errors), '');
  if (compensated.length > 0) lines.push(`undone: ${compensated.join(', ')}`, '');
  if (needsAttention.length > 0)
    lines.push(...errorLines('needs attention, could not be undone', needsAttention), '');
  return lines.join('\n');
}

function metadataText({ metadata }: WorkflowResult): string {
  const { agents, tasks, successRate, retries, cost } = metadata;
  const notes = [plural(tasks, 'task')];
  if (agents.length > 0) notes.push(`${plural(agents.length, 'agent')} (${agents.join(', ')})`);
  notes.push(`${percentText(successRate)} succeeded`);
  if (retries > 0) notes.push(retries === 1 ? '1 retry' : `${retries} retries`);
  if (cost.inputTokens + cost.outputTokens > 0) {
    notes.push(`${cost.inputTokens} tokens in, ${cost.outputTokens} out`);
  }
  if (cost.costUsd > 0) notes.push(`$${cost.costUsd.toFixed(4)}`);
  return notes.join(', ');
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  return inspect(value, { depth: 5, breakLength: 100, maxArrayLength: 20, maxStringLength: 2_000 });
}

function errorLines(title: string, errors: readonly StepError[]): string[] {
  const shown = errors.slice(0, MOST_ERRORS).map(({ step, item, code, message, suggestion }) => {
    const where = item === undefined ? step : `${step}[${item}]`;
    return `  ${where}  ${code}  ${message.replace(/\s+/g, ' ')}\n    ${suggestion}`;
  });
  const more = errors.length - shown.length;
  return [`${title}:`, ...shown, ...(more > 0 ? [`  ... and ${more} more; --json lists them`] : [])];
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
