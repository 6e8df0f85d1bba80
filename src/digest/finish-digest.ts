import { latencyLog } from '../report/hlog.ts';
import type { OutputFolder } from '../report/output-folder.ts';
import { chunkSource } from './chunk-source.ts';
import type { Collector } from './collect.ts';
import { digestLine } from './cpu-record.ts';
import type { Endpoint } from './endpoint.ts';
import { type CpuDigest, describeGroups, groupChunks } from './groups.ts';
import type { DigestJob, LaneReport } from './job.ts';
import type { ModelClient } from './model-client.ts';
import { DIGEST_BOUNDS } from './options.ts';
import type { DigestMetadata, DigestResult } from './result.ts';
import { rankSummaries } from './summaries.ts';
import { type CpuRecording, type Verification, verifyCpu } from './verify.ts';

/** A digest that is done, and where its files are. */
export interface WrittenDigest {
  readonly result: DigestResult;
  readonly resultPath: string;
  readonly latencyPath: string;
}

export interface FinishingJob extends DigestJob {
  readonly output: OutputFolder;
  readonly endpoint: Endpoint;
  readonly model: ModelClient;
  readonly collector: Collector;
  readonly lanes: LaneReport;
  readonly recording: CpuRecording | undefined;
}

/** Names of the files in the output folder. */
export const RESULT_FILE = 'result.json';
export const LATENCY_FILE = 'latency.hlog';

/** The reduce step: groups, terms and summaries; compares them if that was asked for; writes the files. */
export async function finishDigest(job: FinishingJob): Promise<WrittenDigest> {
  const { collector, lanes, output, around, issues } = job;
  const grouping = groupChunks(collector.reducer);
  const cpu = describeGroups(grouping, collector.reducer);
  const verification = await verify(job, cpu);
  const result: DigestResult = {
    status: statusOf(collector, issues.count),
    data: { ...cpu, ...rankSummaries(grouping) },
    metadata: describeRun(job, cpu, verification),
    errors: issues.listed,
  };
  const { durationMs, histograms } = lanes;
  const log = latencyLog(histograms, { startedAtMs: around.startedAt.getTime(), durationMs });
  const latencyPath = await output.write(LATENCY_FILE, log);
  const resultPath = await output.write(RESULT_FILE, `${JSON.stringify(result, null, 2)}\n`);
  return { result, resultPath, latencyPath };
}

function statusOf({ complete }: Collector, issues: number): DigestResult['status'] {
  if (complete === 0) return 'failed';
  return issues === 0 ? 'success' : 'partial';
}

async function verify(job: FinishingJob, cpu: CpuDigest): Promise<Verification | undefined> {
  const { recording, progress, corpus, options, around } = job;
  if (recording === undefined) return undefined;
  progress.verifying();
  // What cannot be read was reported by the run itself.
  const again = chunkSource(corpus.files, {
    chunkBytes: options.chunkBytes,
    onIssue: () => {},
    onFileEnd: () => {},
  });
  return verifyCpu(recording, digestLine(cpu), again, options.maxChunksKept, around.signal);
}

function describeRun(
  job: FinishingJob,
  cpu: CpuDigest,
  verification: Verification | undefined,
): DigestMetadata {
  const { collector, corpus, endpoint, issues, lanes, model, options, around } = job;
  const { chunkBytes, concurrency, threads, timeoutMs, retries, maxChunksKept } = options;
  collector.cpuHash.add(digestLine(cpu));
  return {
    startedAt: around.startedAt.toISOString(),
    durationMs: Math.round(lanes.durationMs),
    corpus: {
      sought: corpus.sought,
      files: corpus.files.length,
      filesWithoutChunks: corpus.files.length - collector.files,
      bytes: corpus.bytes,
      chunks: collector.chunks,
      completeChunks: collector.complete,
    },
    endpoint: {
      baseUrl: withoutPassword(endpoint.baseUrl),
      model: endpoint.model,
      bundled: endpoint.bundled,
    },
    modelCalls: model.counts,
    options: { chunkBytes, concurrency, threads, timeoutMs, retries },
    reduce: {
      chunksKept: collector.reducer.kept.length,
      chunksBeyond: collector.reducer.beyond,
      maxChunksKept,
      listed: DIGEST_BOUNDS,
    },
    cpuHash: collector.cpuHash.end(),
    ...(verification === undefined ? {} : { verification }),
    latencyMs: lanes.latencyMs,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    errorsNotListed: issues.unlisted,
  };
}

function withoutPassword(baseUrl: string): string {
  const url = new URL(baseUrl);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}
