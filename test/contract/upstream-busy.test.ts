import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { UpstreamBusyError, upstreamBusy } from '../../src/index.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const busy = (error: unknown) => upstreamBusy(error, () => NOW_MS);
const headers = (value: string) => new Headers({ 'retry-after': value });

describe('an upstream is busy', () => {
  it.each([
    ['our own error', new UpstreamBusyError('full', { retryAfterMs: 70 }), 70],
    ['our own error without a time', new UpstreamBusyError('full'), 0],
    ['the clients of OpenAI and Anthropic', { status: 429, headers: headers('2') }, 2_000],
    [
      'a time in milliseconds',
      { status: 429, headers: new Headers({ 'retry-after-ms': '150', 'retry-after': '9' }) },
      150,
    ],
    ['axios', { response: { status: 503, headers: { 'Retry-After': '1.5' } } }, 1_500],
    ['got', { response: { statusCode: 429, headers: { 'retry-after': '3' } } }, 3_000],
    ['undici', { statusCode: 503, headers: { 'retry-after': '4' } }, 4_000],
    [
      'the SDK of AWS',
      { $metadata: { httpStatusCode: 429 }, $response: { headers: { 'retry-after': '1' } } },
      1_000,
    ],
    ['the SDK of Vercel', { statusCode: 429, responseHeaders: { 'retry-after': '6' } }, 6_000],
    ['a date', { status: 503, headers: headers('Thu, 01 Jan 2026 00:00:05 GMT') }, 5_000],
    ['a date that has passed', { status: 503, headers: headers('Wed, 31 Dec 2025 23:00:00 GMT') }, 0],
    ['nonsense', { status: 429, headers: headers('soon') }, 0],
    ['no headers', { status: 429 }, 0],
  ])('as %s says', (_who, error, retryAfterMs) => {
    expect(busy(error)).toBe(retryAfterMs);
  });

  it.each([
    ['another status', { status: 500, headers: headers('2') }],
    ['an ordinary error', new Error('429')],
    ['a text', '429'],
    ['null', null],
    [
      'a proxy that throws when it is read',
      new Proxy({}, { get: () => assert.fail('read'), getPrototypeOf: () => assert.fail('read') }),
    ],
    ['nothing', undefined],
  ])('not so: %s', (_what, error) => {
    expect(busy(error)).toBeUndefined();
  });

  it('never with a negative or absurd time', () => {
    expect(new UpstreamBusyError('x', { retryAfterMs: -5 }).retryAfterMs).toBe(0);
    expect(new UpstreamBusyError('x', { retryAfterMs: Number.NaN }).retryAfterMs).toBe(0);
    expect(new UpstreamBusyError('x', { cause: 1 })).toMatchObject({ code: 'UPSTREAM_BUSY', cause: 1 });
  });
});
