import { resolve } from 'node:path';
import { SpillwayError } from '../contract/errors.ts';
import { createEngine } from '../index.ts';
import { OutputFolder } from '../report/output-folder.ts';
import { AGENT_NAMES, digestAgents } from './agents.ts';
import { type Chunk, chunkSource } from './chunk-source.ts';
import { Collector } from './collect.ts';
import { type Corpus, findCorpus } from './corpus.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { finishDigest, type WrittenDigest } from './finish-digest.ts';
import { IssueList } from './issue.ts';
import type { DigestJob, DigestSurroundings, LaneReport } from './job.ts';
import { ModelClient } from './model-client.ts';
import { type DigestOptions, digestOptions } from './options.ts';
import { runAgents } from './pipeline.ts';
import { ProgressCount } from './progress.ts';
import { CpuRecording } from './verify.ts';

/**
 * Digests a corpus: splits it into chunks, has a model summarize each while threads count its terms and fingerprint
 * it, merges the results and writes them to the output folder. Leaves nothing running.
 * @throws ConfigError on a wrong option; SpillwayError `CORPUS_EMPTY`, `UPSTREAM_UNREACHABLE` or
 * `OUTPUT_NOT_WRITABLE`; the signal's reason when it aborts.
 */
export async function runDigest(given: DigestOptions, around: DigestSurroundings): Promise<WrittenDigest> {
  const options = digestOptions(given);
  const output = await OutputFolder.open(resolve(options.cwd, options.outDir), around.processId);
  const corpus = await findCorpus(options.paths ?? [], options.cwd);
  const issues = new IssueList();
  for (const issue of corpus.issues) issues.add(issue);
  const job = {
    options,
    around,
    corpus,
    issues,
    progress: new ProgressCount(corpus.bytes, issues, around.onProgress),
  };
  const recording = options.verify
    ? await CpuRecording.open(output.temporaryPath('verify.ndjson'))
    : undefined;
  const chunks = readChunks(job);
  try {
    const collector = new Collector(options.maxChunksKept, issues, recording);
    const source = startingWith(await firstOf(chunks, corpus, issues), chunks);
    return await withEndpoint(job, async (endpoint, model) => {
      const lanes = await runLanes(job, source, model, collector);
      return finishDigest({ ...job, output, endpoint, model, collector, lanes, recording });
    });
  } finally {
    await chunks.return(undefined);
    await recording?.close();
  }
}

/** The chunks of the corpus, with what goes wrong on the way reported to the job. */
function readChunks({ corpus, options, issues, progress }: DigestJob): AsyncGenerator<Chunk> {
  return chunkSource(corpus.files, {
    chunkBytes: options.chunkBytes,
    onIssue: (issue) => issues.add(issue),
    onFileEnd: (file, bytesRead) => progress.skip(file.bytes - bytesRead),
  });
}

/** The first chunk, asked for before anything is started. @throws SpillwayError `CORPUS_EMPTY` if there is none */
async function firstOf(chunks: AsyncGenerator<Chunk>, corpus: Corpus, issues: IssueList): Promise<Chunk> {
  const first = await chunks.next();
  if (!first.done) return first.value;
  const [issue] = issues.listed;
  const why = issue?.message ?? (corpus.files.length > 0 ? 'every file is empty' : 'there is no such file');
  const more = issues.count > 1 ? ` (and ${issues.count - 1} more)` : '';
  const advice = 'name files, folders or globs with text: spillway digest docs "logs/*.log"';
  throw new SpillwayError('CORPUS_EMPTY', `no readable text in ${corpus.sought}: ${why}${more}; ${advice}`);
}

async function* startingWith(first: Chunk, rest: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  yield first;
  yield* rest;
}

async function withEndpoint<T>(
  { options, around }: DigestJob,
  use: (endpoint: Endpoint, model: ModelClient) => Promise<T>,
): Promise<T> {
  const { baseUrl, apiKey, model, timeoutMs, retries } = options;
  const endpoint = await openEndpoint({ baseUrl, apiKey, model, signal: around.signal });
  try {
    const { sleep, random } = around;
    return await use(endpoint, new ModelClient({ ...endpoint, timeoutMs, retries, sleep, random }));
  } finally {
    await endpoint.close();
  }
}

async function runLanes(
  { options, around, progress }: DigestJob,
  source: AsyncIterable<Chunk>,
  model: ModelClient,
  collector: Collector,
): Promise<LaneReport> {
  const { signal, clock } = around;
  signal?.throwIfAborted();
  const startMs = clock.now();
  const engine = await createEngine({
    agents: digestAgents(model, options),
    threads: { count: options.threads },
  });
  try {
    for await (const outcomes of runAgents(engine, source, windowOf(options.concurrency), signal)) {
      await collector.add(outcomes);
      progress.chunk(outcomes.chunk.bytes, model.counts.rateLimited);
    }
    signal?.throwIfAborted();
    return {
      durationMs: clock.now() - startMs,
      latencyMs: Object.fromEntries(engine.stats().agents.map(({ name, latencyMs }) => [name, latencyMs])),
      histograms: new Map(AGENT_NAMES.map((name) => [name, engine.histogram(name, 'total')])),
    };
  } finally {
    // After a stop nothing is worth waiting for; after an end nothing is left to wait for.
    await engine.close(signal?.aborted ? { timeoutMs: 1 } : {});
  }
}

/**
 * Chunks that are held at once: those in calls, and enough besides that a few slow calls do not keep the others from
 * starting.
 */
function windowOf(concurrency: number): number {
  return concurrency + Math.min(256, Math.max(48, concurrency * 3));
}
