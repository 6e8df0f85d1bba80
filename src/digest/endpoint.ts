import OpenAI, { APIConnectionError, APIError } from 'openai';
import { ConfigError, SpillwayError } from '../contract/errors.ts';
import { UPSTREAM_DEFAULTS } from '../upstream/options.ts';
import { startUpstream } from '../upstream/start-upstream.ts';
import { causeText } from './model-failure.ts';

/** Where the model calls go. */
export interface Endpoint {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly model: string;
  /** Whether it was started for this run. */
  readonly bundled: boolean;
  close(): Promise<void>;
}

export interface EndpointOptions {
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly model?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long the endpoint may take to say that it is there, in milliseconds. */
const GREETING_MS = 10_000;

/**
 * Finds or starts the endpoint. The base URL alone decides: a key in the environment never sends text anywhere, and
 * the bundled upstream is never given one.
 * @throws SpillwayError `UPSTREAM_UNREACHABLE`; ConfigError if the model is not named.
 */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { baseUrl, apiKey, model, signal } = options;
  if (baseUrl === undefined) return openBundled(model);
  const models = await greet(baseUrl, apiKey, signal);
  if (model === undefined) {
    const offered = models.length > 0 ? `; the endpoint offers ${models.slice(0, 8).join(', ')}` : '';
    throw new ConfigError('INVALID_OPTION', 'model', `name the model to use: --model NAME${offered}`);
  }
  return { baseUrl, apiKey, model, bundled: false, close: async () => {} };
}

async function openBundled(model: string = UPSTREAM_DEFAULTS.model): Promise<Endpoint> {
  try {
    const upstream = await startUpstream();
    return {
      baseUrl: upstream.baseUrl,
      apiKey: undefined,
      model,
      bundled: true,
      close: () => upstream.close(),
    };
  } catch (error) {
    throw new SpillwayError('UPSTREAM_UNREACHABLE', causeText(error), { cause: error });
  }
}

/** Makes sure that something answers there; returns the models that it says it has. */
async function greet(
  baseUrl: string,
  apiKey: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey || 'none',
    maxRetries: 0,
    timeout: GREETING_MS,
    logLevel: 'off',
  });
  try {
    const page = await client.models.list(signal === undefined ? {} : { signal });
    return (page.data ?? []).map(({ id }) => id);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof APIConnectionError) throw unreachable(baseUrl, causeText(error), error);
    const status = error instanceof APIError ? error.status : undefined;
    if (status === 401 || status === 403) throw refused(baseUrl, status, error);
    // It answers, but has no list of models: many compatible endpoints have none.
    return [];
  }
}

function unreachable(baseUrl: string, why: string, cause: unknown): SpillwayError {
  const advice = 'check OPENAI_BASE_URL, or unset it to use the bundled upstream';
  return new SpillwayError('UPSTREAM_UNREACHABLE', `cannot reach ${baseUrl}: ${why}; ${advice}`, { cause });
}

function refused(baseUrl: string, status: number, cause: unknown): SpillwayError {
  const advice = 'set OPENAI_API_KEY to a key that it accepts';
  return new SpillwayError('UPSTREAM_UNREACHABLE', `${baseUrl} refuses the key (${status}); ${advice}`, {
    cause,
  });
}
