import { ConfigError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import type { SyncKind, WaitOptions } from '../contract/sync.ts';

// By hand, not by schema: threads check what their handlers ask for as well, and load no validator for it.

const MAX_NAME_LENGTH = 200;
/** Permits of a semaphore, parties of a barrier. */
const MAX_SIZE = 1_000_000;
/** What a timer of Node.js takes. */
const MAX_TIMEOUT_MS = 2_147_483_647;
const WAIT_KEYS = ['timeoutMs', 'signal'];

/** @throws ConfigError if it is no name. */
export function checkName(path: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name.length === 0 || name.length > MAX_NAME_LENGTH)
    refuse(path, `a text of 1 to ${MAX_NAME_LENGTH} characters`, name);
}

/** @throws ConfigError if nothing can have this size. */
export function checkSize(kind: SyncKind, size: unknown): asserts size is number {
  if (!isWhole(size, MAX_SIZE)) refuse(`${kind}.size`, `a whole number from 1 to ${MAX_SIZE}`, size);
}

/** @throws ConfigError if a semaphore of this size never has so many permits. */
export function checkPermits(permits: unknown, size: number): asserts permits is number {
  if (!isWhole(permits, size))
    refuse('permits', `a whole number from 1 to the semaphore's size, ${size}`, permits);
}

/** @throws ConfigError for unknown keys and wrong values. */
export function checkWait(options: WaitOptions | undefined): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) refuse('options', 'an object', options);
  for (const key of Object.keys(options)) {
    if (WAIT_KEYS.includes(key)) continue;
    const message = `options.${key}: unknown option; known are ${WAIT_KEYS.join(', ')}`;
    throw new ConfigError('UNKNOWN_OPTION', `options.${key}`, message, {
      expected: WAIT_KEYS.join(' | '),
      received: key,
    });
  }
  const { timeoutMs, signal } = options;
  if (
    timeoutMs !== undefined &&
    !(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)
  )
    refuse('options.timeoutMs', `a number of milliseconds above 0, at most ${MAX_TIMEOUT_MS}`, timeoutMs);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    refuse('options.signal', 'an AbortSignal', signal);
}

/** One name, two sizes. */
export function sizeConflict(kind: SyncKind, name: string, size: number, asked: number): ConfigError {
  const message = `${kind}.size: ${kind} "${name}" has the size ${size} already, got ${asked}`;
  return new ConfigError('INVALID_OPTION', `${kind}.size`, message, {
    expected: String(size),
    received: String(asked),
  });
}

function isWhole(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
}

function refuse(path: string, expected: string, value: unknown): never {
  const received = describe(value);
  const message = `${path}: expected ${expected}, got ${received}`;
  throw new ConfigError('INVALID_OPTION', path, message, { expected, received });
}
