import { once } from 'node:events';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UpstreamServer } from '../../src/upstream/server.ts';
import { serve } from './serve.ts';

const TEXT =
  'The queue holds every task in order. The queue gives each task to a thread. Nothing else is said here.';
const MODEL = 'extractive-1';
const messages = [
  { role: 'system' as const, content: 'Summarize.' },
  { role: 'user' as const, content: TEXT },
];

let server: UpstreamServer;
beforeAll(async () => {
  server = await serve({ maxBodyBytes: 10_000 });
});
afterAll(() => server.close());

const client = (baseURL = server.baseUrl) => new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });

async function post(body: string, baseUrl = server.baseUrl) {
  const response = await fetch(`${baseUrl}/chat/completions`, { method: 'POST', body });
  return { status: response.status, headers: response.headers, body: (await response.json()) as ErrorBody };
}
interface ErrorBody {
  readonly error?: { readonly message: string; readonly code: string; readonly param: string | null };
}

test('the official client gets a summary with usage counts', async () => {
  const answer = await client().chat.completions.create({ model: MODEL, messages });
  const { message, finish_reason } = answer.choices[0]!;
  expect(message.content).toContain('queue');
  expect(finish_reason).toBe('stop');
  expect(answer.usage).toEqual({
    prompt_tokens: Math.ceil(`Summarize.\n${TEXT}`.length / 4),
    completion_tokens: Math.ceil(message.content!.length / 4),
    total_tokens: answer.usage!.prompt_tokens + answer.usage!.completion_tokens,
  });
});

test('a streamed answer has the same text, then the usage, then the end mark', async () => {
  const whole = await client().chat.completions.create({ model: MODEL, messages });
  const stream = await client().chat.completions.create({
    model: MODEL,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let usage: unknown;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  expect(text).toBe(whole.choices[0]!.message.content);
  expect(usage).toEqual(whole.usage);
  const raw = await fetch(`${server.baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: MODEL, messages, stream: true }),
  });
  expect(raw.headers.get('content-type')).toContain('text/event-stream');
  expect((await raw.text()).endsWith('data: [DONE]\n\n')).toBe(true);
});

test('slow tokens come one by one', async () => {
  const slow = await serve({ outputTokenMs: 30 });
  const stream = await client(slow.baseUrl).chat.completions.create({ model: MODEL, messages, stream: true });
  let events = 0;
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) events += 1;
  expect(events).toBeGreaterThan(5);
  await slow.close();
});

test('a bound on the answer is kept and reported', async () => {
  const answer = await client().chat.completions.create({ model: MODEL, messages, max_completion_tokens: 5 });
  expect(answer.choices[0]!.finish_reason).toBe('length');
  expect(answer.usage!.completion_tokens).toBeLessThanOrEqual(5);
});

test('content may come in parts', async () => {
  const content = [{ type: 'text' as const, text: TEXT }];
  const answer = await client().chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content }],
  });
  expect(answer.choices[0]!.message.content).toContain('queue');
});

test('its model is listed', async () => {
  const { data } = await client().models.list();
  expect(data.map(({ id }) => id)).toEqual([MODEL]);
});

test.each([
  ['no JSON', '{"model": ', 'invalid_json', null],
  ['a list', '[]', 'invalid_json', null],
  ['no model', '{"messages": []}', 'invalid_value', 'model'],
  ['no messages', `{"model": "${MODEL}"}`, 'invalid_value', 'messages'],
  ['an empty list of messages', `{"model": "${MODEL}", "messages": []}`, 'invalid_value', 'messages'],
  [
    'a message that is null',
    `{"model": "${MODEL}", "messages": [null]}`,
    'invalid_value',
    'messages[0].role',
  ],
  [
    'content that is a number',
    `{"model": "${MODEL}", "messages": [{"role": "user", "content": 5}]}`,
    'invalid_value',
    'messages[0].content',
  ],
  [
    'a bound of 0 tokens',
    `{"model": "${MODEL}", "messages": [{"role": "user", "content": ""}], "max_tokens": 0}`,
    'invalid_value',
    'max_completion_tokens',
  ],
  [
    'stream that is a text',
    `{"model": "${MODEL}", "messages": [{"role": "user", "content": ""}], "stream": "yes"}`,
    'invalid_value',
    'stream',
  ],
])('%s is answered 400 with the field', async (_, body, code, param) => {
  const answer = await post(body);
  expect(answer.status).toBe(400);
  expect(answer.body.error).toMatchObject({ code, param });
});

test('an unknown model and an unknown path are answered 404', async () => {
  const unknown = await post(JSON.stringify({ model: 'gpt-0', messages }));
  expect(unknown.status).toBe(404);
  expect(unknown.body.error?.code).toBe('model_not_found');
  expect((await fetch(`${server.baseUrl}/embeddings`, { method: 'POST' })).status).toBe(404);
  expect((await fetch(`${server.baseUrl}/chat/completions`)).status).toBe(404);
});

test('a body over the bound is answered 413, announced or not', async () => {
  const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'x'.repeat(20_000) }] });
  expect((await post(body)).status).toBe(413);
  const { hostname, port } = new URL(server.baseUrl);
  const socket = connect(Number(port), hostname);
  socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
  socket.write(`4e20\r\n${'x'.repeat(20_000)}\r\n`);
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});

test('past its rate it answers 429 and says when to come back', async () => {
  const limited = await serve({ ratePerSecond: 0.5, burst: 2 });
  const body = JSON.stringify({ model: MODEL, messages });
  const answers = [
    await post(body, limited.baseUrl),
    await post(body, limited.baseUrl),
    await post(body, limited.baseUrl),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  const { headers } = answers[2]!;
  expect(headers.get('retry-after')).toBe('2');
  expect(Number(headers.get('retry-after-ms'))).toBeLessThanOrEqual(2_000);
  await limited.close();
});

test('a caller that leaves frees its place', async () => {
  // Slow enough that the first call would still be there at the end of the test.
  const slow = await serve({ baseMs: 50, outputTokenMs: 1, knee: 1, kneeExponent: 20 });
  const leave = new AbortController();
  const left = client(slow.baseUrl).chat.completions.create(
    { model: MODEL, messages: [{ role: 'user', content: TEXT.repeat(90) }] },
    { signal: leave.signal },
  );
  const other = client(slow.baseUrl).chat.completions.create({ model: MODEL, messages });
  setImmediate(() => leave.abort());
  await expect(left).rejects.toThrow();
  expect((await other).choices[0]!.message.content).toContain('queue');
  await slow.close();
});

test('close drops the connections and frees the port', async () => {
  const first = await serve();
  await client(first.baseUrl).models.list();
  await first.close();
  const port = Number(new URL(first.baseUrl).port);
  const second = await serve({ port });
  expect(second.baseUrl).toBe(first.baseUrl);
  await second.close();
});

test('a wrong option is refused with the name that was meant', async () => {
  await expect(serve({ kne: 3 } as object)).rejects.toThrow(
    'upstream.kne: unknown option; did you mean "knee"?',
  );
  await expect(serve({ burst: 0 })).rejects.toThrow('upstream.burst: expected a whole number from 1');
});
