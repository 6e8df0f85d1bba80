import type { ServerResponse } from 'node:http';
import type { Random } from '../contract/clock.ts';
import {
  type AnswerHead,
  chunkEvent,
  completionBody,
  DONE_EVENT,
  type FinishReason,
  piecesOf,
  usageEvent,
  usageOf,
} from './answer.ts';
import { extractSummary } from './extract.ts';
import { callWork, countTokens, slowdown } from './latency-model.ts';
import type { UpstreamOptions } from './options.ts';
import { Pacer, SLICE_MS, type Sleep } from './pacer.ts';
import { type ChatRequest, RequestError } from './protocol.ts';

/** What all calls of one server share. */
export interface CallContext {
  readonly options: Required<UpstreamOptions>;
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly random: Random;
  /** How many calls are being served; this file counts it. */
  readonly load: { calls: number };
}

/** Serves one call: takes the time that the model says and writes the answer. Rejects when the caller goes away. */
export async function complete(
  request: ChatRequest,
  head: AnswerHead,
  response: ServerResponse,
  context: CallContext,
): Promise<void> {
  const { options, load } = context;
  if (request.model !== options.model) {
    throw new RequestError(
      404,
      'model_not_found',
      `no model "${request.model}"; this server has "${options.model}"`,
      {
        param: 'model',
      },
    );
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  load.calls += 1;
  try {
    const pacer = new Pacer({
      now: context.now,
      sleep: context.sleep,
      slowdown: () => slowdown(load.calls, options),
      signal: gone.signal,
    });
    await answer(request, head, response, pacer, context);
  } finally {
    load.calls -= 1;
  }
}

async function answer(
  request: ChatRequest,
  head: AnswerHead,
  response: ServerResponse,
  pacer: Pacer,
  { options, random }: CallContext,
): Promise<void> {
  const work = callWork(countTokens(request.prompt), options, random);
  const maxTokens = Math.min(request.maxOutputTokens ?? options.maxOutputTokens, options.maxOutputTokens);
  const text = extractSummary(request.userText, maxTokens * 4);
  const finish: FinishReason = countTokens(text) >= maxTokens ? 'length' : 'stop';
  const usage = usageOf(request.prompt, text);
  await pacer.spend(work.promptMs);
  if (!request.stream) {
    await pacer.spend(usage.completion_tokens * work.outputTokenMs);
    sendJson(response, 200, completionBody(head, text, finish, usage));
    return;
  }
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.write(chunkEvent(head, { role: 'assistant', content: '' }, null));
  // Tokens faster than a slice share an event; slower ones come one by one.
  for (const piece of piecesOf(text, SLICE_MS / Math.max(work.outputTokenMs, 0.01))) {
    await pacer.spend(countTokens(piece) * work.outputTokenMs);
    response.write(chunkEvent(head, { content: piece }, null));
  }
  response.write(chunkEvent(head, {}, finish));
  if (request.includeUsage) response.write(usageEvent(head, usage));
  response.end(DONE_EVENT);
}

/** Writes a JSON answer and ends it. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
