import { afterEach, expect, test } from 'vitest';
import { ModelClient } from '../../src/digest/model-client.ts';
import { ModelCallError } from '../../src/digest/model-failure.ts';
import { serve } from '../upstream/serve.ts';
import { answer, breakOff, hang, refuse, type Step, scriptedEndpoint } from './scripted-endpoint.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A client whose waits take no time, and what it waited for. */
async function client(steps: readonly Step[], options: { retries?: number; timeoutMs?: number } = {}) {
  const endpoint = await scriptedEndpoint(steps);
  closing.push(endpoint.close);
  const waits: number[] = [];
  const model = new ModelClient({
    baseUrl: endpoint.baseUrl,
    apiKey: undefined,
    model: 'm',
    timeoutMs: 30_000,
    retries: 3,
    random: () => 0,
    sleep: async (delayMs, signal) => {
      waits.push(delayMs);
      signal?.throwIfAborted();
    },
    ...options,
  });
  return { model, waits, endpoint };
}

const { signal } = new AbortController();

async function failure(promise: Promise<unknown>): Promise<ModelCallError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelCallError);
  return error as ModelCallError;
}

test('a streamed answer is put together and its tokens are counted', async () => {
  const upstream = await serve();
  closing.push(upstream.close);
  const model = new ModelClient({
    baseUrl: upstream.baseUrl,
    apiKey: 'key',
    model: 'extractive-1',
    timeoutMs: 30_000,
    retries: 0,
    random: Math.random,
    sleep: async () => {},
  });
  const summary = await model.summarize('The queue holds every single task in order.', signal);
  expect(summary.text).toBe('The queue holds every single task in order.');
  expect(model.counts).toMatchObject({ calls: 1, outputTokens: 11, rateLimited: 0, retried: 0 });
  expect(model.counts.promptTokens).toBeGreaterThan(11);
});

test('429 is waited for as Retry-After says, and the call is made again', async () => {
  const { model, waits } = await client([refuse(429, { 'retry-after': '7' }), answer('good')]);
  expect((await model.summarize('text', signal)).text).toBe('good');
  expect(waits).toEqual([7_000]);
  expect(model.counts).toMatchObject({ calls: 2, rateLimited: 1, retried: 1 });
});

test('the exact time, where the endpoint gives one, is preferred', async () => {
  const { model, waits } = await client([
    refuse(429, { 'retry-after': '1', 'retry-after-ms': '120' }),
    answer('good'),
  ]);
  await model.summarize('text', signal);
  expect(waits).toEqual([120]);
});

test('many refusals in a row use up no retries', async () => {
  const refusals = Array.from({ length: 12 }, () => refuse(429, { 'retry-after-ms': '5' }));
  const { model, waits } = await client([...refusals, answer('good')], { retries: 0 });
  expect((await model.summarize('text', signal)).text).toBe('good');
  expect(waits).toHaveLength(12);
});

test('an empty account is no reason to wait', async () => {
  const { model, waits } = await client([refuse(429, {}, 'insufficient_quota')]);
  const error = await failure(model.summarize('text', signal));
  expect(error.suggestion).toContain('limits of your account');
  expect(waits).toEqual([]);
});

test('a wait longer than a chunk may take is an error at once', async () => {
  const { model, waits } = await client([refuse(429, { 'retry-after': '86400' })]);
  expect((await failure(model.summarize('text', signal))).status).toBe(429);
  expect(waits).toEqual([]);
});

test.each([
  ['a server error', refuse(500)],
  ['a stream that is cut off', breakOff('destroy')],
  ['a stream that ends before the answer', breakOff('end')],
  ['an answer without text', answer(' ')],
])('after %s the call is made again', async (_, broken) => {
  const { model, waits } = await client([broken, broken, answer('good')]);
  expect((await model.summarize('text', signal)).text).toBe('good');
  expect(waits).toEqual([375, 750]);
});

test('when the retries are used up, the error tells how often and what to do', async () => {
  const { model, endpoint } = await client([refuse(503)], { retries: 2 });
  const error = await failure(model.summarize('text', signal));
  expect(error.message).toMatch(/after 3 tries.*503/);
  expect(error.suggestion).toContain('try again later');
  expect(endpoint.calls()).toBe(3);
});

test.each([
  [401, 'OPENAI_API_KEY'],
  [404, '--model'],
  [400, '--chunk-bytes'],
])('an answer of %i is final and points to %s', async (status, hint) => {
  const { model, endpoint } = await client([refuse(status)]);
  const error = await failure(model.summarize('text', signal));
  expect(error.suggestion).toContain(hint);
  expect(endpoint.calls()).toBe(1);
});

test('an answer that stops coming is cut off by the timeout, and tried again', async () => {
  const { model } = await client([hang, answer('good')], { timeoutMs: 300 });
  expect((await model.summarize('text', signal)).text).toBe('good');
});

test('an endpoint that has gone is an error that says so', async () => {
  const { model, endpoint } = await client([answer('good')], { retries: 1 });
  await endpoint.close();
  const error = await failure(model.summarize('text', signal));
  expect(error.message).toContain('ECONNREFUSED');
  expect(error.suggestion).toContain('still runs');
});

test('an abort ends the call with its own reason, in the middle of an answer', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const { model, waits } = await client([
    (response, request) => {
      hang(response, request);
      setImmediate(() => stop.abort(reason));
    },
  ]);
  await expect(model.summarize('text', stop.signal)).rejects.toBe(reason);
  expect(waits).toEqual([]);
});
