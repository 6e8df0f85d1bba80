import { relative } from 'node:path';
import type { LatencySummary, LatencyTriple } from '../contract/stats.ts';
import { bytesText, plural } from '../report/number-text.ts';
import { table } from '../report/text-table.ts';
import type { WrittenDigest } from './finish-digest.ts';
import type { ChunkPlace } from './reducer.ts';
import type { DigestResult } from './result.ts';
import type { RankedSummary } from './summaries.ts';

/** How much of each list the screen shows; the result file has more. */
const SHOWN = {
  groups: 5,
  summaries: 5,
  terms: 5,
  corpusTerms: 12,
  errors: 5,
  summaryLines: 3,
  lineChars: 100,
} as const;

/** The result as a reader sees it on the screen. */
export function renderReport({ result, resultPath, latencyPath }: WrittenDigest, cwd: string): string {
  const files = [resultPath, latencyPath].map((path) => `  ${relative(cwd, path) || path}`);
  const sections = [
    headline(result),
    verification(result),
    section('Terms', [
      result.data.terms
        .slice(0, SHOWN.corpusTerms)
        .map(({ term }) => term)
        .join(', '),
    ]),
    section(groupsTitle(result), duplicateGroups(result)),
    section(summariesTitle(result), result.data.summaries.slice(0, SHOWN.summaries).flatMap(summaryLines)),
    section('Latency in ms', latencyTable(result.metadata.latencyMs)),
    section(errorsTitle(result), errorLines(result)),
    section('Files', files),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function headline({ status, metadata }: DigestResult): string {
  const { corpus, durationMs, endpoint, modelCalls, options } = metadata;
  const done = corpus.completeChunks === corpus.chunks ? '' : `, ${corpus.completeChunks} of them complete`;
  const limited = modelCalls.rateLimited === 0 ? '' : `, told to wait (429): ${modelCalls.rateLimited}`;
  return [
    `${status}: ${plural(corpus.files, 'file')}, ${bytesText(corpus.bytes)}, ${plural(corpus.chunks, 'chunk')}${done}, in ${(durationMs / 1_000).toFixed(1)} s`,
    `  threads: ${options.threads}, calls at once: ${options.concurrency}, model: ${endpoint.model}${endpoint.bundled ? ' (bundled)' : ` at ${endpoint.baseUrl}`}`,
    `  calls: ${modelCalls.calls}, tokens in: ${modelCalls.promptTokens}, tokens out: ${modelCalls.outputTokens}${limited}`,
  ].join('\n');
}

function verification({ metadata }: DigestResult): string {
  const found = metadata.verification;
  if (found === undefined) return '';
  if (found.status === 'equal') return `verified: ${found.chunks} chunks equal`;
  return [
    `verify: the first difference is at ${found.at}`,
    `  on threads:    ${found.onThreads}`,
    `  in one thread: ${found.inOneThread}`,
  ].join('\n');
}

function groupsTitle({ data }: DigestResult): string {
  return `Near-duplicates: ${plural(data.duplicateChunkCount, 'repeated chunk')} in ${plural(data.duplicateGroupCount, 'group')}`;
}

function duplicateGroups({ data }: DigestResult): string[] {
  return data.groups
    .filter((group) => group.size > 1)
    .slice(0, SHOWN.groups)
    .map((group) => {
      const terms = group.terms.slice(0, SHOWN.terms).map(({ term }) => term);
      return `${String(group.size).padStart(5)} x ${placeText(group.members[0]!)}  (${terms.join(', ')})`;
    });
}

function summariesTitle({ data }: DigestResult): string {
  const { length } = data.summaries;
  const shown = Math.min(SHOWN.summaries, length);
  return length === 0
    ? ''
    : `Summaries: the best ${shown} of ${length}, ${plural(data.duplicatesRemoved, 'duplicate')} removed`;
}

function summaryLines(summary: RankedSummary, index: number): string[] {
  const lines = summary.text.split('\n').slice(0, SHOWN.summaryLines);
  const cut = lines.map((line) =>
    line.length > SHOWN.lineChars ? `${line.slice(0, SHOWN.lineChars - 1)}…` : line,
  );
  return [`  ${index + 1}. ${placeText(summary)}`, ...cut.map((line) => `     ${line}`)];
}

function placeText({ file, line }: ChunkPlace): string {
  return line === 1 ? file : `${file}:${line}`;
}

function latencyTable(latencyMs: Readonly<Record<string, LatencyTriple>>): string[] {
  const rows = Object.entries(latencyMs).flatMap(([agent, triple]) =>
    (['wait', 'service', 'total'] as const).map((kind) => [
      kind === 'wait' ? agent : '',
      kind === 'wait' ? String(triple.total.count) : '',
      kind,
      ...percentiles(triple[kind]),
    ]),
  );
  return table(['agent', 'tasks', '', 'p50', 'p90', 'p99', 'max'], rows, ['left', 'right', 'left']);
}

function percentiles({ p50, p90, p99, max }: LatencySummary): string[] {
  return [p50, p90, p99, max].map((ms) => ms.toFixed(1));
}

function errorsTitle({ errors, metadata }: DigestResult): string {
  const count = errors.length + metadata.errorsNotListed;
  return count === 0 ? '' : `Errors: ${count}`;
}

function errorLines({ errors, metadata }: DigestResult): string[] {
  const lines = errors.slice(0, SHOWN.errors).map(({ file, chunk, message, suggestion }) => {
    const where =
      file === undefined || message.includes(file)
        ? ''
        : `${file}${chunk === undefined ? '' : ` chunk ${chunk}`}: `;
    return `  ${where}${message}; ${suggestion}`;
  });
  const rest = errors.length + metadata.errorsNotListed - lines.length;
  return rest > 0 ? [...lines, `  and ${rest} more in the result file`] : lines;
}

function section(title: string, lines: readonly string[]): string {
  return title === '' || lines.length === 0 ? '' : [title, ...lines].map((line) => line.trimEnd()).join('\n');
}
