import type { IssueList } from './issue.ts';

/** How far a digest is. */
export interface DigestProgress {
  readonly phase: 'digest' | 'verify';
  readonly chunks: number;
  /** Bytes of the corpus that are done with. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly errors: number;
  /** How often the endpoint asked to come back later. */
  readonly rateLimited: number;
}

/** Counts how far a digest is and tells a listener. */
export class ProgressCount {
  readonly #totalBytes: number;
  readonly #issues: IssueList;
  readonly #listener: ((progress: DigestProgress) => void) | undefined;
  #phase: DigestProgress['phase'] = 'digest';
  #chunks = 0;
  #bytes = 0;
  #rateLimited = 0;

  constructor(totalBytes: number, issues: IssueList, listener?: (progress: DigestProgress) => void) {
    this.#totalBytes = totalBytes;
    this.#issues = issues;
    this.#listener = listener;
  }

  chunk(bytes: number, rateLimited: number): void {
    this.#chunks += 1;
    this.#bytes += bytes;
    this.#rateLimited = rateLimited;
    this.#tell();
  }

  /** Bytes that no chunk will bring: of files that cannot be read, and of white space. */
  skip(bytes: number): void {
    if (this.#phase === 'digest') this.#bytes += Math.max(0, bytes);
  }

  verifying(): void {
    this.#phase = 'verify';
    this.#tell();
  }

  #tell(): void {
    this.#listener?.({
      phase: this.#phase,
      chunks: this.#chunks,
      bytes: Math.min(this.#bytes, this.#totalBytes),
      totalBytes: this.#totalBytes,
      errors: this.#issues.count,
      rateLimited: this.#rateLimited,
    });
  }
}
