import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError, SpillwayError } from './errors.ts';
import { describe } from './option-issue.ts';

/**
 * Reads a file of JSON.
 * @param what what should be in it, with its article
 * @throws SpillwayError `REPORT_UNREADABLE` that says what to name instead
 */
export async function readJson(file: string | URL, what: string): Promise<unknown> {
  const path = nameOf(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const why = (error as Error).message;
    throw new SpillwayError('REPORT_UNREADABLE', `cannot read ${path}: ${why}; name ${what}`, {
      cause: error,
    });
  }
  // Logs and tables of percentiles start with a comment or a heading; JSON never does.
  if (/^\s*(#|Tag=|Value\s+Percentile)/.test(text)) {
    const message = `${path} is a latency log; name the report.json that was written beside it: counts and settings stand only there`;
    throw new SpillwayError('REPORT_UNREADABLE', message);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `${path} is no whole JSON: ${(error as Error).message}; it may have been cut off, or is not ${what}`;
    throw new SpillwayError('REPORT_UNREADABLE', message, { cause: error });
  }
}

/** A file as errors call it. */
export function nameOf(file: string | URL): string {
  return file instanceof URL ? fileURLToPath(file) : file;
}

/** @throws ConfigError if the value does not say that it is of that format and version */
export function assertFormat(
  value: unknown,
  { name, version }: { readonly name: string; readonly version: number },
  what: string,
  at: string,
): void {
  const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const check = (field: string, expected: string | number, advice: string): void => {
    if (found[field] === expected) return;
    const received = field in found ? describe(found[field]) : describe(value);
    const message = `${at}: ${field}: expected ${describe(expected)}, got ${received}; ${advice}`;
    throw new ConfigError('INVALID_OPTION', field, message, { expected: describe(expected), received });
  };
  check('format', name, `this is not a ${what} of Spillway`);
  check('version', version, `it is from another version of Spillway; write it again with this one`);
}

/** The same error, with the file in front. */
export function inFile(error: ConfigError, at: string): ConfigError {
  const { expected, received } = error;
  return new ConfigError(
    error.code as 'INVALID_OPTION' | 'UNKNOWN_OPTION',
    error.path,
    `${at}: ${error.message}`,
    {
      ...(expected === undefined ? {} : { expected }),
      ...(received === undefined ? {} : { received }),
    },
  );
}
