/** A request that cannot be served, as the API's error body says it. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly param: string | null;
  readonly headers: Record<string, string>;
  constructor(
    status: number,
    code: string,
    message: string,
    detail: { param?: string; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = detail.param ?? null;
    this.headers = detail.headers ?? {};
  }

  body(): object {
    const type = this.status === 429 ? 'rate_limit_error' : 'invalid_request_error';
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }
}

/** What is used of a chat completion request; everything else in it is ignored. */
export interface ChatRequest {
  readonly model: string;
  /** The texts of all messages: what the prompt costs. */
  readonly prompt: string;
  /** The texts of the user's messages: what is summarized. */
  readonly userText: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** `undefined` if the caller set no bound. */
  readonly maxOutputTokens: number | undefined;
}

/** @throws RequestError 400 that names the field. */
export function parseChatRequest(body: string): ChatRequest {
  const request = parseObject(body);
  if (typeof request.model !== 'string') throw invalid('model', 'a model name', request.model);
  if (!Array.isArray(request.messages) || request.messages.length === 0) {
    throw invalid('messages', 'a list of at least one message', request.messages);
  }
  const all: string[] = [];
  const fromUser: string[] = [];
  for (const [index, message] of request.messages.entries()) {
    const text = messageText(message, `messages[${index}]`);
    all.push(text);
    if ((message as { role?: unknown }).role === 'user') fromUser.push(text);
  }
  const stream = optionalBoolean(request.stream, 'stream');
  const streamOptions = (request.stream_options ?? {}) as Record<string, unknown>;
  const most = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  if (most !== undefined && !(Number.isInteger(most) && (most as number) >= 1)) {
    throw invalid('max_completion_tokens', 'a whole number of at least 1', most);
  }
  return {
    model: request.model,
    prompt: all.join('\n'),
    userText: fromUser.join('\n'),
    stream,
    includeUsage: optionalBoolean(streamOptions.include_usage, 'stream_options.include_usage'),
    maxOutputTokens: most as number | undefined,
  };
}

function parseObject(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new RequestError(400, 'invalid_json', `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestError(400, 'invalid_json', 'the body is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function messageText(message: unknown, param: string): string {
  const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown };
  if (typeof role !== 'string') throw invalid(`${param}.role`, 'a role', role);
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalid(`${param}.content`, 'a text or a list of text parts', content);
  return content
    .map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : ''))
    .join('\n');
}

function optionalBoolean(value: unknown, param: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw invalid(param, 'true or false', value);
  return value;
}

function invalid(param: string, expected: string, received: unknown): RequestError {
  const got = received === undefined ? 'nothing' : JSON.stringify(received).slice(0, 60);
  return new RequestError(400, 'invalid_value', `${param}: expected ${expected}, got ${got}`, { param });
}
