import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../contract/errors.ts';
import type { Answer } from '../contract/workflow-run.ts';

/** Something that was said on the command line in the form `name=value`. */
export interface Named<T> {
  readonly name: string;
  readonly value: T;
}

/**
 * The input of a run: what the command line says, else what the module says.
 * @throws ConfigError for what is no JSON, or cannot be read
 */
export async function inputOf(
  flags: { readonly input?: string; readonly inputFile?: string },
  own: unknown,
  cwd: string,
): Promise<unknown> {
  if (flags.input !== undefined) return parseJson(flags.input, '--input');
  const { inputFile } = flags;
  if (inputFile === undefined) return own;
  const path = resolve(cwd, inputFile);
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw invalid('--input-file', `cannot read ${inputFile}: ${error.message}`, inputFile);
  });
  return parseJson(text, `--input-file ${inputFile}`);
}

/** @throws ConfigError that names the option */
export function parseJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
    throw invalid(option, `expected JSON, got ${shown.trim()}: ${(error as Error).message}`, text);
  }
}

/** `approve=true`, `research[3]=retry`, `approve=refuse: not yet`. @throws ConfigError that names the option */
export function answerIn(text: string): Named<Answer> {
  const { name, value } = namedIn(text, '--answer', 'step=answer');
  return { name, value: answerFrom(value) ?? { value: parseJson(value, `--answer ${name}`) } };
}

/** `go={"at":"noon"}`. @throws ConfigError that names the option */
export function signalIn(text: string): Named<unknown> {
  const { name, value } = namedIn(text, '--signal', 'name=JSON');
  return { name, value: parseJson(value, `--signal ${name}`) };
}

/** The words that stand for something else than a value. */
export function answerFrom(text: string): Answer | undefined {
  const said = text.trim();
  if (said === 'retry') return { retry: true };
  const refusal = /^refuse(?:$|[:\s]\s*(.*))/s.exec(said);
  return refusal === null ? undefined : { refuse: refusal[1] || 'somebody said no' };
}

function namedIn(text: string, option: string, form: string): Named<string> {
  const at = text.indexOf('=');
  if (at < 1) throw invalid(option, `expected ${form}, got ${text}`, text);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

export function invalid(option: string, message: string, received: string): ConfigError {
  return new ConfigError('INVALID_OPTION', option, `${option}: ${message}`, { received });
}
