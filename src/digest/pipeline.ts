import type { Engine } from '../contract/engine.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { digestAgents } from './agents.ts';
import type { Chunk } from './chunk-source.ts';
import { fanOut } from './fan-out.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Summary } from './model-client.ts';
import type { TermCounts } from './terms.ts';

export type DigestEngine = Engine<ReturnType<typeof digestAgents>>;

/** What became of a chunk. */
export interface ChunkOutcomes {
  readonly chunk: Chunk;
  readonly summarize: Outcome<Summary>;
  readonly terms: Outcome<TermCounts>;
  readonly fingerprint: Outcome<Fingerprint>;
}

/**
 * Runs the three agents on every chunk, side by side, and yields what became of each chunk in the order of the
 * source. No more than about `window` chunks are held, however slow one of the agents is.
 * @throws the signal's reason when it aborts
 */
export async function* runAgents(
  engine: DigestEngine,
  source: AsyncIterable<Chunk>,
  window: number,
  signal?: AbortSignal,
): AsyncGenerator<ChunkOutcomes> {
  // The fourth reader is this loop, which is as far behind the first as a stream may be ahead.
  const [toSummarize, toCount, toPrint, toYield] = fanOut(source, 4, window + 1);
  const options = { ordered: true, window, ...(signal === undefined ? {} : { signal }) };
  const summaries = engine.stream('summarize', texts(toSummarize!), options);
  const counts = engine.stream('terms', texts(toCount!), options);
  const prints = engine.stream('fingerprint', texts(toPrint!), options);
  try {
    for await (const chunk of toYield!) {
      const [summarize, terms, fingerprint] = await Promise.all([
        summaries.next(),
        counts.next(),
        prints.next(),
      ]);
      signal?.throwIfAborted();
      if (summarize.done || terms.done || fingerprint.done) return;
      yield { chunk, summarize: summarize.value, terms: terms.value, fingerprint: fingerprint.value };
    }
  } finally {
    await Promise.allSettled([summaries.return?.(), counts.return?.(), prints.return?.()]);
  }
}

async function* texts(chunks: AsyncIterable<Chunk>): AsyncGenerator<string> {
  for await (const { text } of chunks) yield text;
}
