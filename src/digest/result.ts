import type { LatencyTriple } from '../contract/stats.ts';
import type { CpuDigest } from './groups.ts';
import type { DigestIssue } from './issue.ts';
import type { ModelCallCounts } from './model-client.ts';
import type { SummaryRanking } from './summaries.ts';
import type { Verification } from './verify.ts';

/**
 * What a digest ends as. `success`: every chunk of every file went through. `partial`: `errors` says what did not.
 * `failed`: no chunk went through all three agents.
 */
export interface DigestResult {
  readonly status: 'success' | 'partial' | 'failed';
  readonly data: CpuDigest & SummaryRanking;
  readonly metadata: DigestMetadata;
  readonly errors: readonly DigestIssue[];
}

export interface DigestMetadata {
  /** In ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly corpus: {
    readonly sought: string;
    readonly files: number;
    /** Files without any text, or left out with an entry in `errors`. */
    readonly filesWithoutChunks: number;
    readonly bytes: number;
    readonly chunks: number;
    /** Chunks that all three agents finished. */
    readonly completeChunks: number;
  };
  readonly endpoint: { readonly baseUrl: string; readonly model: string; readonly bundled: boolean };
  readonly modelCalls: ModelCallCounts;
  readonly options: {
    readonly chunkBytes: number;
    readonly concurrency: number;
    readonly threads: number;
    readonly timeoutMs: number;
    readonly retries: number;
  };
  readonly reduce: {
    readonly chunksKept: number;
    /** Chunks past `maxChunksKept` that belong to no known group and are in no list. */
    readonly chunksBeyond: number;
    readonly maxChunksKept: number;
    /** Most entries of each list in `data` and `errors`. */
    readonly listed: Readonly<Record<string, number>>;
  };
  /** SHA-256 of the CPU agents' results: the same for the same files and `chunkBytes`, whatever the threads did. */
  readonly cpuHash: string;
  readonly verification?: Verification;
  /** By agent, in milliseconds. */
  readonly latencyMs: Readonly<Record<string, LatencyTriple>>;
  /** Most memory that the process held, in bytes. */
  readonly peakRssBytes: number;
  /** Errors past the bound of the list. */
  readonly errorsNotListed: number;
}
