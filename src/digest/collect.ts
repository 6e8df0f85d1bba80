import type { Outcome } from '../contract/outcome.ts';
import { AGENT_NAMES } from './agents.ts';
import { chunkLine, LineHash } from './cpu-record.ts';
import type { IssueList } from './issue.ts';
import { ModelCallError } from './model-failure.ts';
import type { ChunkOutcomes } from './pipeline.ts';
import { type ChunkPlace, placeOf, Reducer } from './reducer.ts';
import type { CpuRecording } from './verify.ts';

/** Takes in what became of the chunks: results to the reducer, failures to the list of issues. */
export class Collector {
  readonly reducer: Reducer;
  readonly cpuHash = new LineHash();
  readonly #issues: IssueList;
  readonly #recording: CpuRecording | undefined;
  chunks = 0;
  /** Files that brought a chunk. */
  files = 0;
  /** Chunks that all agents finished. */
  complete = 0;

  constructor(maxChunksKept: number, issues: IssueList, recording: CpuRecording | undefined) {
    this.reducer = new Reducer(maxChunksKept);
    this.#issues = issues;
    this.#recording = recording;
  }

  async add(outcomes: ChunkOutcomes): Promise<void> {
    const place = placeOf(outcomes.chunk);
    this.chunks += 1;
    if (place.chunk === 0) this.files += 1;
    let ok = true;
    for (const agent of AGENT_NAMES) {
      const outcome: Outcome = outcomes[agent];
      if (outcome.status === 'completed') continue;
      ok = false;
      this.#report(place, agent, outcome);
    }
    if (ok) this.complete += 1;
    const { terms, fingerprint, summarize } = outcomes;
    if (terms.status !== 'completed' || fingerprint.status !== 'completed') return;
    const cpu = { terms: terms.value, print: fingerprint.value };
    const line = chunkLine(place, cpu);
    this.cpuHash.add(line);
    await this.#recording?.add(line);
    this.reducer.add(place, cpu, summarize.status === 'completed' ? summarize.value.text : undefined);
  }

  #report(place: ChunkPlace, agent: string, outcome: Exclude<Outcome, { status: 'completed' }>): void {
    const { error } = outcome;
    const cause = error.cause;
    const { file, chunk } = place;
    this.#issues.add({
      file,
      chunk,
      agent,
      code: error.code,
      message: cause instanceof ModelCallError ? cause.message : error.message,
      suggestion:
        cause instanceof ModelCallError
          ? cause.suggestion
          : error.code === 'TIMEOUT'
            ? 'raise --timeout-ms, or lower --concurrency'
            : 'try again; if it stays, report it with the file',
    });
  }
}
