import { APIConnectionError, APIError } from 'openai';
import type { CallFailure } from './retry.ts';

/** A model call that failed for good. `suggestion` says what to do about it. */
export class ModelCallError extends Error {
  readonly status: number | undefined;
  readonly suggestion: string;
  constructor(
    message: string,
    suggestion: string,
    options: { status?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'ModelCallError';
    this.status = options.status;
    this.suggestion = suggestion;
  }
}

/** The endpoint answered, but not with an answer: the stream broke off, or held no text. */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError';
}

/** One try took longer than it may. */
export class SlowCallError extends Error {
  override readonly name = 'SlowCallError';
}

/** Sorts an error of the client or of reading the stream. */
export function classifyFailure(error: unknown): CallFailure {
  if (error instanceof APIConnectionError) return { kind: 'transient', retryAfterMs: undefined };
  if (error instanceof APIError && error.status !== undefined) return classifyStatus(error);
  if (error instanceof APIError) return { kind: 'final' };
  // Whatever else breaks a stream half-way (a reset connection, a bad event) may go well the next time.
  return { kind: 'transient', retryAfterMs: undefined };
}

function classifyStatus(error: APIError): CallFailure {
  const status = error.status ?? 0;
  const retryAfterMs = readRetryAfterMs(error.headers);
  // An empty account is reported like a busy server, but waiting does not fill it.
  if (status === 429)
    return error.code === 'insufficient_quota' ? { kind: 'final' } : { kind: 'busy', retryAfterMs };
  if (status === 503 && retryAfterMs !== undefined) return { kind: 'busy', retryAfterMs };
  if (status === 408 || status === 409 || status >= 500) return { kind: 'transient', retryAfterMs };
  return { kind: 'final' };
}

/** `retry-after-ms`, else `Retry-After` in seconds. A date, which no known endpoint sends, is not read. */
function readRetryAfterMs(headers: Headers | undefined): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const seconds = Number.parseFloat(headers?.get('retry-after') ?? '');
  return seconds >= 0 ? seconds * 1_000 : undefined;
}

/** The error that a chunk ends with, in words that say what to do. */
export function finalError(error: unknown, tries: number, timeoutMs: number): ModelCallError {
  const status = error instanceof APIError ? error.status : undefined;
  const what = causeText(error);
  const times = tries === 1 ? '' : ` (after ${tries} tries)`;
  return new ModelCallError(
    `the model call failed${times}: ${what}`,
    suggestionFor(error, status, timeoutMs),
    {
      status,
      cause: error,
    },
  );
}

function suggestionFor(error: unknown, status: number | undefined, timeoutMs: number): string {
  if (status === 401 || status === 403) return 'set OPENAI_API_KEY to a key that this endpoint accepts';
  if (status === 404)
    return 'check --model, and that OPENAI_BASE_URL ends as the endpoint wants it, often in /v1';
  if (status === 413 || status === 400) return 'send less at once: lower --chunk-bytes';
  if (status === 429) return 'lower --concurrency, or look at the limits of your account';
  if (status !== undefined && status >= 500) return 'the endpoint is in trouble; try again later';
  if (error instanceof SlowCallError) return `raise --timeout-ms (now ${timeoutMs}), or lower --chunk-bytes`;
  if (error instanceof APIConnectionError) return 'check that the endpoint still runs';
  return 'check that OPENAI_BASE_URL is an OpenAI-compatible endpoint';
}

/** The message of what an error was caused by in the end, which is where fetch says why it could not connect. */
export function causeText(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  if (!(root instanceof Error)) return String(root);
  const { code } = root as NodeJS.ErrnoException;
  return root.message || (typeof code === 'string' ? code : root.name);
}
