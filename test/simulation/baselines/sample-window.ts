import type { Clock } from '../../../src/contract/clock.ts';

/** What came back in one window. */
export interface WindowSample {
  readonly meanMs: number;
  readonly p99Ms: number;
  /** Most that were inside. */
  readonly peak: number;
}

/** Cuts latencies into windows of a least length and a least number of samples, for limits that steer once a window. */
export class SampleWindow {
  private readonly clock: Clock;
  private readonly leastMs: number;
  private readonly leastSamples: number;
  private startedAtMs: number;
  private samplesMs: number[] = [];
  private peak = 0;

  constructor(clock: Clock, leastMs: number, leastSamples: number) {
    this.clock = clock;
    this.leastMs = leastMs;
    this.leastSamples = leastSamples;
    this.startedAtMs = clock.now();
  }

  /** Takes a latency, and how many were inside; gives the window if that ends it. */
  add(latencyMs: number, inside: number): WindowSample | undefined {
    this.samplesMs.push(latencyMs);
    this.peak = Math.max(this.peak, inside);
    const { samplesMs, peak } = this;
    const nowMs = this.clock.now();
    if (samplesMs.length < this.leastSamples || nowMs - this.startedAtMs < this.leastMs) return undefined;
    this.startedAtMs = nowMs;
    this.samplesMs = [];
    this.peak = 0;
    samplesMs.sort((a, b) => a - b);
    return {
      meanMs: samplesMs.reduce((a, b) => a + b, 0) / samplesMs.length,
      p99Ms: samplesMs[Math.ceil(0.99 * samplesMs.length) - 1]!,
      peak,
    };
  }
}
