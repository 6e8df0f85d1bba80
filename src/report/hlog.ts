import { type Histogram, HistogramLogWriter } from 'hdr-histogram-js';
import { NS_PER_MS } from './latency-histogram.ts';

export interface LatencyLogOptions {
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/**
 * An HdrHistogram log (version 1.3) that grows line by line, each a tagged histogram in the compressed V2 encoding.
 * Values are nanoseconds; the column of maxima is in milliseconds, as is usual.
 */
export class HistogramLog {
  readonly #lines: string[] = [];
  readonly #writer: HistogramLogWriter;

  /** @param startedAtMs milliseconds since the epoch; the times of all lines count from here */
  constructor(startedAtMs: number) {
    this.#writer = new HistogramLogWriter((line) => {
      this.#lines.push(line);
    });
    const startSeconds = (startedAtMs / 1_000).toFixed(3);
    this.#writer.outputLogFormatVersion();
    this.#writer.outputComment(`[BaseTime: ${startSeconds} (seconds since epoch)]`);
    // Not outputStartTime(), whose extra empty line other readers of the format stumble over.
    this.#writer.outputComment(
      `[StartTime: ${startSeconds} (seconds since epoch), ${new Date(startedAtMs).toISOString()}]`,
    );
    this.#writer.outputLegend();
  }

  /** Encodes the histogram as it is now; it may be reset and used again. */
  add(name: string, histogram: Histogram, startMs: number, endMs: number): void {
    histogram.tag = tagOf(name);
    this.#writer.outputIntervalHistogram(histogram, startMs / 1_000, endMs / 1_000, NS_PER_MS);
  }

  get text(): string {
    return this.#lines.join('');
  }
}

/** A log of one line a histogram, all over the same time. */
export function latencyLog(
  histograms: ReadonlyMap<string, Histogram>,
  { startedAtMs, durationMs }: LatencyLogOptions,
): string {
  const log = new HistogramLog(startedAtMs);
  for (const [name, histogram] of histograms) log.add(name, histogram, 0, durationMs);
  return log.text;
}

/** A tag ends at the first comma, and no reader expects white space in it. */
function tagOf(name: string): string {
  return name.replace(/[,\s]/g, '_');
}
