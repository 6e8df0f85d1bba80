import { ConfigError } from './errors.ts';

/** What a call has used, or is expected to use. What is left out is 0. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** In US dollars. Default: by the `costPerUnit` of the agent's resources. */
  readonly costUsd?: number;
}

const FIELDS: readonly string[] = ['inputTokens', 'outputTokens', 'costUsd'] satisfies (keyof Usage)[];

/**
 * A copy of what a handler or an estimate gave, so that nothing of theirs is kept.
 * @param at what it is called in an error
 * @throws ConfigError that names the field
 */
export function checkedUsage(usage: unknown, at: string): Usage {
  if (typeof usage !== 'object' || usage === null)
    throw wrong(at, `an object with ${FIELDS.join(', ')}`, usage);
  if (typeof (usage as PromiseLike<unknown>).then === 'function')
    throw wrong(at, 'an object, no promise', usage);
  const checked: Record<string, number> = {};
  for (const [field, value] of Object.entries(usage)) {
    if (!FIELDS.includes(field)) throw unknownField(`${at}.${field}`);
    if (value === undefined) continue;
    if (!isAmount(value)) throw wrong(`${at}.${field}`, 'a number of at least 0', value);
    checked[field] = value;
  }
  return checked;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
}

function wrong(path: string, expected: string, value: unknown): ConfigError {
  // Threads load this file: no more than it takes to say what came.
  const received = typeof value === 'number' || value === null ? String(value) : typeof value;
  return new ConfigError('INVALID_OPTION', path, `${path}: expected ${expected}, got ${received}`, {
    expected,
    received,
  });
}

function unknownField(path: string): ConfigError {
  const expected = FIELDS.join(' | ');
  return new ConfigError('UNKNOWN_OPTION', path, `${path}: unknown field; known are ${FIELDS.join(', ')}`, {
    expected,
  });
}
