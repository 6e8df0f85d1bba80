import { countTokens } from './latency-model.ts';

/** Why an answer ended: it was complete, or the token bound cut it. */
export type FinishReason = 'stop' | 'length';

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** What all bodies of one answer have in common. */
export interface AnswerHead {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
}

export function usageOf(prompt: string, answer: string): Usage {
  const promptTokens = countTokens(prompt);
  const completionTokens = countTokens(answer);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** The body of an answer that is not streamed. */
export function completionBody(
  head: AnswerHead,
  content: string,
  finish: FinishReason,
  usage: Usage,
): object {
  const message = { role: 'assistant', content, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
  return { ...head, object: 'chat.completion', choices, usage };
}

/** One event of a streamed answer. */
export function chunkEvent(head: AnswerHead, delta: object, finish: FinishReason | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return sse({ ...head, object: 'chat.completion.chunk', choices });
}

/** The event with the usage counts, which has no choices. */
export function usageEvent(head: AnswerHead, usage: Usage): string {
  return sse({ ...head, object: 'chat.completion.chunk', choices: [], usage });
}

/** The event that ends the stream. */
export const DONE_EVENT = 'data: [DONE]\n\n';

function sse(body: object): string {
  return `data: ${JSON.stringify(body)}\n\n`;
}

/** Cuts an answer into pieces of whole words that each hold at least `minTokens` tokens, but for the last. */
export function piecesOf(answer: string, minTokens: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const [word] of answer.matchAll(/\s*\S+\s*$|\s*\S+/g)) {
    piece += word;
    if (countTokens(piece) < minTokens) continue;
    pieces.push(piece);
    piece = '';
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}
