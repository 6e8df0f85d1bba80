import { type Histogram, HistogramLogWriter } from 'hdr-histogram-js';

export interface LatencyLogOptions {
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}

const NS_PER_MS = 1_000_000;

/**
 * Histograms as an HdrHistogram log (version 1.3): one line each, tagged, in the compressed V2 encoding. Values are
 * nanoseconds; the column of maxima is in milliseconds, as is usual.
 */
export function latencyLog(
  histograms: ReadonlyMap<string, Histogram>,
  { startedAtMs, durationMs }: LatencyLogOptions,
): string {
  let log = '';
  const writer = new HistogramLogWriter((line) => {
    log += line;
  });
  const startSeconds = (startedAtMs / 1_000).toFixed(3);
  writer.outputLogFormatVersion();
  writer.outputComment(`[BaseTime: ${startSeconds} (seconds since epoch)]`);
  // Not outputStartTime(), whose extra empty line other readers of the format stumble over.
  writer.outputComment(
    `[StartTime: ${startSeconds} (seconds since epoch), ${new Date(startedAtMs).toISOString()}]`,
  );
  writer.outputLegend();
  for (const [tag, histogram] of histograms) {
    histogram.tag = tag;
    writer.outputIntervalHistogram(histogram, 0, durationMs / 1_000, NS_PER_MS);
  }
  return log;
}
