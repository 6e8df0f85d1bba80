import { describe, expect, test } from 'vitest';
import { rateLimitFrom } from '../../src/index.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const read = (headers: unknown) => rateLimitFrom(headers, () => NOW_MS);

describe('the rate limits in headers', () => {
  test('are those of OpenAI and of all who use its names', () => {
    const headers = new Headers({
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '100000',
      'x-ratelimit-remaining-tokens': '99000',
      'x-ratelimit-reset-tokens': '6m0.5s',
    });
    expect(read(headers)).toEqual({
      requests: { limit: 500, remaining: 499, resetMs: 120 },
      tokens: { limit: 100_000, remaining: 99_000, resetMs: 360_500 },
    });
  });

  test('are those of Anthropic, with dates', () => {
    expect(
      read({
        'Anthropic-RateLimit-Requests-Limit': '50',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:30Z',
        'Retry-After': '30',
      }),
    ).toEqual({ requests: { limit: 50, remaining: 0, resetMs: 30_000 }, retryAfterMs: 30_000 });
  });

  test.each([
    ['1h2m3s', 3_723_000],
    ['20', 20_000],
    ['0s', 0],
    ['2025-01-01T00:00:00Z', 0],
    ['soon', undefined],
  ])('are whole again after %s', (reset, resetMs) => {
    const found = read({ 'x-ratelimit-remaining-tokens': '1', 'x-ratelimit-reset-tokens': reset });
    expect(found?.tokens?.resetMs).toBe(resetMs);
  });

  test.each([
    {},
    null,
    undefined,
    'text',
    5,
    { 'x-ratelimit-limit-requests': '-5' },
    { 'x-ratelimit-limit-tokens': '' },
  ])('are none in %o', (headers) => {
    expect(read(headers)).toBe(undefined);
  });
});
