import type { EngineStats } from '../contract/stats.ts';
import { HistogramLog } from '../report/hlog.ts';
import { LatencyHistogram } from '../report/latency-histogram.ts';
import type { ReportInterval } from '../report/report.ts';
import type { ProcessProbe } from './process-probe.ts';
import type { Recorder } from './recorder.ts';

export interface IntervalLogOptions {
  readonly recorder: Recorder;
  readonly probe: ProcessProbe;
  readonly stats: () => EngineStats;
  /** Start of the measured part, in milliseconds since the epoch. */
  readonly startedAtMs: number;
}

/** Rounds of a rehearsal: enough for the code to be compiled. */
const REHEARSED = 10;

/** Closes one interval after the other: for the report, and as lines of the histogram log, one an agent. */
export class IntervalLog {
  readonly intervals: ReportInterval[] = [];
  readonly histograms: HistogramLog;
  readonly #options: IntervalLogOptions;
  readonly #all = new LatencyHistogram();
  #startMs = 0;
  #phase: ReportInterval['phase'] = 'load';

  constructor(options: IntervalLogOptions) {
    this.#options = options;
    this.histograms = new HistogramLog(options.startedAtMs);
  }

  /**
   * Does once, for nothing, what the end of an interval does: the first time takes 50 ms, which would be the
   * generator's lag.
   */
  static rehearse(probe: ProcessProbe, stats: () => EngineStats): void {
    const histogram = new LatencyHistogram();
    const log = new HistogramLog(0);
    for (let ms = 1; ms <= REHEARSED; ms++) {
      histogram.record(ms);
      log.add('rehearsal', histogram.histogram, 0, ms);
      new LatencyHistogram().add(histogram);
      if (histogram.summary.count !== ms) throw new Error('a histogram lost a value');
      probe.read();
      stats();
    }
  }

  /** Start of the interval that is under way, from the start of the measured part. */
  get startMs(): number {
    return this.#startMs;
  }

  /** From now on nothing is offered any more. */
  drain(): void {
    this.#phase = 'drain';
  }

  /** Ends the interval. @param endMs from the start of the measured part */
  close(endMs: number): void {
    const { recorder, probe, stats } = this.#options;
    const startMs = this.#startMs;
    this.#all.reset();
    for (const { name, interval } of recorder.agents.values()) {
      this.histograms.add(name, interval.histogram, startMs, endMs);
      this.#all.add(interval);
    }
    const { counts, lagMs } = recorder.interval;
    const limits = stats().admission.limits;
    this.intervals.push({
      phase: this.#phase,
      startMs,
      endMs,
      ...counts,
      latencyMs: this.#all.summary,
      limits: limits.map(({ name, concurrency, running, waiting }) => ({
        name,
        concurrency,
        running,
        waiting,
      })),
      ...probe.read(),
      generatorLagMs: lagMs,
    });
    recorder.endInterval();
    this.#startMs = endMs;
  }
}
