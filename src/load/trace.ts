import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import { ConfigError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';

/** One recorded call. */
export interface TraceCall {
  /** From the first call on, in milliseconds. */
  readonly atMs: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

/** Recorded calls in the order of their times; several may have the same time. */
export interface Trace {
  readonly path: string;
  readonly calls: readonly TraceCall[];
  /** From the first call to the last, in milliseconds. */
  readonly spanMs: number;
  /** Context and generated tokens of a call, together, on average. */
  readonly meanTokens: number;
}

/** The columns of the Azure LLM inference traces. Others may be there as well. */
const COLUMNS = { time: 'TIMESTAMP', context: 'ContextTokens', generated: 'GeneratedTokens' } as const;
type Column = (typeof COLUMNS)[keyof typeof COLUMNS];
/** Most calls that are read; about 100 bytes each. */
const MAX_CALLS = 5_000_000;

interface Row {
  readonly record: Readonly<Record<Column, string>>;
  readonly info: { readonly lines: number };
}

/**
 * Reads recorded calls from a CSV file with the columns TIMESTAMP (a date and time, or a number of seconds),
 * ContextTokens and GeneratedTokens.
 * @throws ConfigError that names the file and, of a wrong value, the line, what was expected and what came
 */
export async function readTrace(path: string): Promise<Trace> {
  const calls: TraceCall[] = [];
  let firstMs = 0;
  let tokens = 0;
  try {
    const parser = parse({
      bom: true,
      columns: (names) => checkColumns(names, path),
      info: true,
      skip_empty_lines: true,
      trim: true,
    });
    const source = createReadStream(path);
    source.on('error', (error) => parser.destroy(error));
    for await (const row of source.pipe(parser) as AsyncIterable<Row>) {
      const { timeMs, contextTokens, generatedTokens } = readRow(row, path);
      if (calls.length === 0) firstMs = timeMs;
      if (calls.length === MAX_CALLS) throw wrong(path, `${path}: has more than ${MAX_CALLS} calls; cut it`);
      const atMs = timeMs - firstMs;
      if (atMs < (calls.at(-1)?.atMs ?? 0)) throw unsorted(row, path);
      calls.push({ atMs, contextTokens, generatedTokens });
      tokens += contextTokens + generatedTokens;
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(path, error);
  }
  if (calls.length === 0) throw wrong(path, `${path}: expected a header and at least one call, got none`);
  return { path, calls, spanMs: calls.at(-1)!.atMs, meanTokens: Math.max(1, tokens / calls.length) };
}

function checkColumns(names: readonly string[], path: string): string[] {
  const missing = Object.values(COLUMNS).find((column) => !names.includes(column));
  if (missing === undefined) return [...names];
  throw wrong(path, `${path}: expected a column ${missing}, got the columns ${names.join(', ')}`);
}

function readRow({ record, info }: Row, path: string) {
  const where = `${path}, line ${info.lines}`;
  const time = record[COLUMNS.time];
  const timeMs = parseTimeMs(time);
  if (Number.isNaN(timeMs)) {
    throw wrong(
      path,
      `${where}: ${COLUMNS.time}: expected a date and time, or a number of seconds, got ${describe(time)}`,
    );
  }
  const tokens = (column: Column) => {
    const text = record[column];
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw wrong(path, `${where}: ${column}: expected a whole number of tokens, got ${describe(text)}`);
  };
  return { timeMs, contextTokens: tokens(COLUMNS.context), generatedTokens: tokens(COLUMNS.generated) };
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/;

/** Keeps the digits below a millisecond, which dates have no room for. Times without a zone are UTC. */
function parseTimeMs(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const [, day, time, fraction = '.0', zone = 'Z'] = DATE_TIME.exec(text) ?? [];
  return Date.parse(`${day}T${time}${zone}`) + Number(`0${fraction}`) * 1_000;
}

function unsorted({ record, info }: Row, path: string): ConfigError {
  return wrong(
    path,
    `${path}, line ${info.lines}: ${COLUMNS.time}: expected a time not before that of the line above, got ${describe(record[COLUMNS.time])}; sort the file by time`,
  );
}

function unreadable(path: string, cause: unknown): ConfigError {
  const { message } = cause as Error;
  const what = cause instanceof CsvError ? `is no CSV file: ${message}` : `cannot be read: ${message}`;
  return wrong(path, `${path}: ${what}`, cause);
}

function wrong(path: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError('INVALID_OPTION', path, message, cause === undefined ? {} : { cause });
}
