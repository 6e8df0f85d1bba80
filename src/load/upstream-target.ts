import OpenAI from 'openai';
import { ioAgent } from '../contract/agent.ts';
import { SpillwayError } from '../contract/errors.ts';
import { UPSTREAM_DEFAULTS } from '../upstream/options.ts';
import { startUpstream, type UpstreamProcess } from '../upstream/start-upstream.ts';
import type { LoadTarget } from './target.ts';

export interface UpstreamTargetOptions {
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** Of calls that no trace describes. */
  readonly contextTokens: number;
  readonly generatedTokens: number;
  /** Concurrent calls that the upstream serves at full speed. */
  readonly knee: number;
  readonly seed: number;
}

interface Call {
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

/** So that the knee alone decides how much it can do, no rate limit of its own. */
const WITHOUT_RATE_LIMIT = { ratePerSecond: 1_000_000, burst: 1_000_000 } as const;
const MOST_TOKENS = 200_000;
/** Four characters are a token. Words too short to be quoted: the answer is then as long as the request allows. */
const FOUR_CHARS = 'a b ';

/** Calls to the bundled upstream, a process of its own that takes time like a model. */
export async function upstreamTarget(options: UpstreamTargetOptions): Promise<LoadTarget> {
  const { concurrency, contextTokens, generatedTokens, knee, seed } = options;
  const upstream = await start({ knee, seed });
  const client = new OpenAI({
    baseURL: upstream.baseUrl,
    apiKey: 'none',
    // A retry would hide what the load does.
    maxRetries: 0,
    logLevel: 'off',
  });
  const agent = ioAgent('upstream', {
    limit: concurrency,
    run: async (call: Call, ctx) => {
      const completion = await client.chat.completions.create(
        {
          model: UPSTREAM_DEFAULTS.model,
          messages: [{ role: 'user', content: promptOf(call) }],
          max_completion_tokens: Math.max(1, call.generatedTokens),
        },
        { signal: ctx.signal },
      );
      return completion.usage?.completion_tokens ?? 0;
    },
  });
  return {
    name: 'upstream',
    work: { kind: 'upstream', knee, contextTokens, generatedTokens },
    agents: [agent],
    next: (_index, _random, call) => ({
      agent: agent.name,
      input: call ?? { contextTokens, generatedTokens },
    }),
    close: () => upstream.close(),
  };
}

/** The answer quotes the prompt, so that it cannot be longer. */
function promptOf({ contextTokens, generatedTokens }: Call): string {
  return FOUR_CHARS.repeat(Math.min(MOST_TOKENS, Math.max(1, contextTokens, generatedTokens)));
}

async function start(options: { readonly knee: number; readonly seed: number }): Promise<UpstreamProcess> {
  try {
    return await startUpstream({ ...WITHOUT_RATE_LIMIT, maxOutputTokens: MOST_TOKENS, ...options });
  } catch (error) {
    throw new SpillwayError('UPSTREAM_UNREACHABLE', (error as Error).message, { cause: error });
  }
}
