import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AnswerHead } from './answer.ts';
import { type CallContext, complete, sendJson } from './completion.ts';
import { type UpstreamOptions, upstreamOptions } from './options.ts';
import type { Sleep } from './pacer.ts';
import { parseChatRequest, RequestError } from './protocol.ts';
import { RateLimit } from './rate-limit.ts';
import { readBody } from './read-body.ts';
import { seededRandom } from './seeded-random.ts';

/** Time, which only entry points and tests may make. */
export interface UpstreamTime {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
  readonly sleep: Sleep;
}

/** A listening server. */
export interface UpstreamServer {
  /** What a client is given as its base URL: `http://127.0.0.1:4321/v1`. */
  readonly baseUrl: string;
  /** Drops every connection and frees the port. */
  close(): Promise<void>;
}

/** Longer than clients keep an idle connection, so that they never send into a closing one. In milliseconds. */
const KEEP_ALIVE_MS = 65_000;

/**
 * Starts the bundled upstream in this process: an OpenAI-compatible chat endpoint that answers with a summary of
 * what it is sent and takes its time.
 * @throws ConfigError on a wrong option; Node's error (`EADDRINUSE`) if it cannot listen.
 */
export async function serveUpstream(options: UpstreamOptions, time: UpstreamTime): Promise<UpstreamServer> {
  const all = upstreamOptions(options);
  const upstream = new Upstream(all, time);
  const server = createServer((request, response) => void upstream.handle(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(all.port, all.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = all.host.includes(':') ? `[${all.host}]` : all.host;
  return {
    baseUrl: `http://${host}:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Upstream {
  readonly #context: CallContext;
  readonly #rate: RateLimit;
  readonly #time: UpstreamTime;
  #calls = 0;

  constructor(options: Required<UpstreamOptions>, time: UpstreamTime) {
    this.#time = time;
    this.#rate = new RateLimit(options.ratePerSecond, options.burst, time.now());
    this.#context = {
      options,
      now: time.now,
      sleep: time.sleep,
      random: seededRandom(options.seed),
      load: { calls: 0 },
    };
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      if (response.destroyed) return; // The caller has gone: there is no one to tell.
      if (response.headersSent) response.destroy();
      else this.#refuse(error, response);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0];
    const route = `${request.method} ${path}`;
    if (route === 'POST /v1/chat/completions') return this.#complete(request, response);
    if (route === 'GET /v1/models') return sendJson(response, 200, this.#models());
    throw new RequestError(404, 'unknown_url', `unknown request: ${route}`);
  }

  async #complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, this.#context.options.maxBodyBytes);
    const chat = parseChatRequest(body);
    const rate = this.#rate.take(this.#time.now());
    if (!rate.allowed) throw tooMany(rate.retryAfterMs);
    this.#calls += 1;
    const head: AnswerHead = {
      id: `chatcmpl-${this.#calls}`,
      created: this.#wallSeconds(),
      model: chat.model,
    };
    await complete(chat, head, response, this.#context);
  }

  #models(): object {
    const model = { id: this.#context.options.model, object: 'model', created: 0, owned_by: 'spillway' };
    return { object: 'list', data: [model] };
  }

  #refuse(error: unknown, response: ServerResponse): void {
    if (error instanceof RequestError) {
      sendJson(response, error.status, error.body(), error.headers);
    } else {
      const message = error instanceof Error ? error.message : String(error);
      sendJson(response, 500, { error: { message, type: 'server_error', param: null, code: 'internal' } });
    }
  }

  #wallSeconds(): number {
    return Math.floor(this.#time.wallNow() / 1_000);
  }
}

/** `Retry-After` counts whole seconds; the exact time goes in the header that OpenAI's clients read first. */
function tooMany(retryAfterMs: number): RequestError {
  const headers = {
    'retry-after': String(Math.ceil(retryAfterMs / 1_000)),
    'retry-after-ms': String(Math.ceil(retryAfterMs)),
  };
  return new RequestError(429, 'rate_limit_exceeded', 'too many requests; wait as Retry-After says', {
    headers,
  });
}
