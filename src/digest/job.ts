import type { Histogram } from 'hdr-histogram-js';
import type { Clock, Random } from '../contract/clock.ts';
import type { LatencyTriple } from '../contract/stats.ts';
import type { Sleep } from '../upstream/pacer.ts';
import type { Corpus } from './corpus.ts';
import type { IssueList } from './issue.ts';
import type { FullDigestOptions } from './options.ts';
import type { DigestProgress, ProgressCount } from './progress.ts';

/** What comes from outside: time, luck, and the wish to stop. */
export interface DigestSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
  readonly startedAt: Date;
  readonly processId: number;
  /** Stops the run; nothing is written then. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: DigestProgress) => void;
}

/** A run under way: what its steps share. */
export interface DigestJob {
  readonly options: FullDigestOptions;
  readonly around: DigestSurroundings;
  readonly corpus: Corpus;
  readonly issues: IssueList;
  readonly progress: ProgressCount;
}

/** What the lanes did, once they are closed. */
export interface LaneReport {
  readonly durationMs: number;
  readonly latencyMs: Readonly<Record<string, LatencyTriple>>;
  /** Of the total time, by agent. */
  readonly histograms: ReadonlyMap<string, Histogram>;
}
