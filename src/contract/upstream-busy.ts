import { SpillwayError } from './errors.ts';

/**
 * What an I/O agent throws when its upstream has too much to do. The engine lowers the upstream's limit at once and
 * starts nothing before `retryAfterMs` have passed.
 */
export class UpstreamBusyError extends SpillwayError {
  /** When the upstream wants to be asked again, in milliseconds from now; 0 if it did not say. */
  readonly retryAfterMs: number;
  constructor(message: string, options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {}) {
    super('UPSTREAM_BUSY', message, 'cause' in options ? { cause: options.cause } : undefined);
    this.retryAfterMs = Math.max(0, options.retryAfterMs ?? 0) || 0;
  }
}

/** Fields under which common clients keep the status of an answer, and its headers. */
interface AnswerError {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly headers?: unknown;
  readonly responseHeaders?: unknown;
  readonly response?: {
    readonly status?: unknown;
    readonly statusCode?: unknown;
    readonly headers?: unknown;
  };
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: { readonly statusCode?: unknown; readonly headers?: unknown };
  readonly cause?: unknown;
}

const BUSY = new Set<unknown>([429, 503]);

/**
 * How long the upstream wants to be left alone, in milliseconds, if an error says that it is busy: our own
 * `UpstreamBusyError`, or what clients throw for 429 and 503 (the SDKs of OpenAI, Anthropic and AWS, axios, got, undici,
 * ky). `undefined` for any other error.
 * @param wallNowMs milliseconds since the epoch, for a Retry-After that is a date
 */
export function upstreamBusy(error: unknown, wallNowMs: () => number): number | undefined {
  try {
    return retryAfterIn(error, wallNowMs);
  } catch {
    // What was thrown may be anything, such as a proxy that throws when it is read. It is no word of an upstream.
    return undefined;
  }
}

/** Whether the upstream is well but wants fewer calls: our own `UpstreamBusyError`, or a 429. */
export function asksToSlowDown(error: unknown): boolean {
  try {
    return error instanceof UpstreamBusyError || statusesOf(error).includes(429);
  } catch {
    return false;
  }
}

/** The status of an answer, wherever clients keep it. */
function statusesOf(error: unknown): unknown[] {
  if (typeof error !== 'object' || error === null) return [];
  const { status, statusCode, response, $metadata } = error as AnswerError;
  return [status, statusCode, response?.status, response?.statusCode, $metadata?.httpStatusCode];
}

function retryAfterIn(error: unknown, wallNowMs: () => number): number | undefined {
  if (error instanceof UpstreamBusyError) return error.retryAfterMs;
  if (typeof error !== 'object' || error === null) return undefined;
  if (!statusesOf(error).some((code) => BUSY.has(code))) return undefined;
  const { headers, responseHeaders, response, $response } = error as AnswerError;
  for (const some of [headers, responseHeaders, response?.headers, $response?.headers]) {
    const retryAfterMs = retryAfterOf(some, wallNowMs);
    if (retryAfterMs !== undefined) return retryAfterMs;
  }
  return 0;
}

/** The headers of the answer behind what a client threw, or behind its cause, if there are any. */
export function headersBehind(error: unknown): unknown {
  try {
    return headersOf(error) ?? headersOf((error as AnswerError).cause);
  } catch {
    // As above: what was thrown may be anything.
    return undefined;
  }
}

function headersOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  const { headers, responseHeaders, response, $response } = error as AnswerError;
  return headers ?? responseHeaders ?? response?.headers ?? $response?.headers;
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date. */
export function retryAfterOf(headers: unknown, wallNowMs: () => number): number | undefined {
  const ms = Number.parseFloat(header(headers, 'retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const value = header(headers, 'retry-after');
  if (value === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number.parseFloat(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - wallNowMs());
}

/** From a `Headers`, or from an object with names in any case. */
export function header(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const { get } = headers as { get?: unknown };
  let value: unknown;
  if (typeof get === 'function') value = get.call(headers, name);
  else {
    for (const [key, some] of Object.entries(headers)) if (key.toLowerCase() === name) value = some;
  }
  return value === undefined || value === null ? undefined : String(value);
}
