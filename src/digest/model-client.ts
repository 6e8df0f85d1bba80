import OpenAI from 'openai';
import type { Random } from '../contract/clock.ts';
import type { Sleep } from '../upstream/pacer.ts';
import { BrokenAnswerError, classifyFailure, finalError, SlowCallError } from './model-failure.ts';
import { retryDelayMs } from './retry.ts';

/** What a model made of a text. */
export interface Summary {
  readonly text: string;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

export interface ModelClientOptions {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly model: string;
  /** Longest time of one try, in milliseconds. */
  readonly timeoutMs: number;
  readonly retries: number;
  readonly sleep: Sleep;
  readonly random: Random;
}

/** Counts over the life of a client. */
export interface ModelCallCounts {
  calls: number;
  rateLimited: number;
  retried: number;
  promptTokens: number;
  outputTokens: number;
}

const INSTRUCTION =
  'Summarize the text that the user sends in at most three sentences. Say what it is about and what matters in it. Answer with the summary alone.';
const MAX_OUTPUT_TOKENS = 160;
/** An endpoint that ignores the token bound is cut off here. */
const MAX_ANSWER_CHARS = 8_000;
/** A chunk, with its retries and waits for the rate limit, may take this many times the time of one try. */
export const DEADLINE_TRIES = 5;

/**
 * Asks a chat endpoint for summaries. Retries are made here and not by the OpenAI client, for two reasons: its wait
 * for `Retry-After` goes on after an abort, and it has no bound, so a stopped run would hang as long as an endpoint
 * says.
 */
export class ModelClient {
  readonly counts: ModelCallCounts = {
    calls: 0,
    rateLimited: 0,
    retried: 0,
    promptTokens: 0,
    outputTokens: 0,
  };
  readonly #options: ModelClientOptions;
  readonly #client: OpenAI;

  constructor(options: ModelClientOptions) {
    this.#options = options;
    this.#client = new OpenAI({
      baseURL: options.baseUrl,
      // The client insists on a key; endpoints without keys ignore it.
      apiKey: options.apiKey || 'none',
      maxRetries: 0,
      timeout: options.timeoutMs,
      logLevel: 'off',
    });
  }

  /** @throws ModelCallError when no try succeeded; the signal's reason when it aborts. */
  async summarize(text: string, signal: AbortSignal): Promise<Summary> {
    const { retries, timeoutMs, random, sleep } = this.#options;
    const policy = { retries, maxWaitMs: timeoutMs * DEADLINE_TRIES };
    const history = { busy: 0, transient: 0 };
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#try(text, signal);
      } catch (error) {
        signal.throwIfAborted();
        const failure = classifyFailure(error);
        if (failure.kind !== 'final') history[failure.kind] += 1;
        if (failure.kind === 'busy') this.counts.rateLimited += 1;
        const delayMs = retryDelayMs(failure, history, policy, random);
        if (delayMs === undefined) throw finalError(error, tries, timeoutMs);
        this.counts.retried += 1;
        await sleep(delayMs, signal);
      }
    }
  }

  async #try(text: string, signal: AbortSignal): Promise<Summary> {
    const { timeoutMs, model } = this.#options;
    const tooSlow = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, tooSlow]);
    this.counts.calls += 1;
    try {
      const stream = await this.#client.chat.completions.create(
        {
          model,
          messages: [
            { role: 'system', content: INSTRUCTION },
            { role: 'user', content: text },
          ],
          stream: true,
          stream_options: { include_usage: true },
          max_completion_tokens: MAX_OUTPUT_TOKENS,
        },
        { signal: either },
      );
      const summary = await readAnswer(stream);
      // The client ends an aborted stream like a finished one.
      either.throwIfAborted();
      this.counts.promptTokens += summary.promptTokens;
      this.counts.outputTokens += summary.outputTokens;
      return summary;
    } catch (error) {
      if (tooSlow.aborted)
        throw new SlowCallError(`no complete answer within ${timeoutMs} ms`, { cause: error });
      throw error;
    }
  }
}

async function readAnswer(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<Summary> {
  let text = '';
  let finished = false;
  let usage: OpenAI.CompletionUsage | undefined;
  for await (const event of stream) {
    const choice = event.choices?.[0];
    text += choice?.delta?.content ?? '';
    if (choice?.finish_reason) finished = true;
    if (event.usage) usage = event.usage;
    if (text.length > MAX_ANSWER_CHARS) break;
  }
  if (!finished && text.length <= MAX_ANSWER_CHARS) {
    throw new BrokenAnswerError('the endpoint ended the stream before the answer was complete');
  }
  if (text.trim() === '') throw new BrokenAnswerError('the endpoint answered without text');
  return {
    text: text.trim(),
    promptTokens: usage?.prompt_tokens ?? 0,
    outputTokens: usage?.completion_tokens ?? 0,
  };
}
