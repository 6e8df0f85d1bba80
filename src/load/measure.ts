import type { Engine } from '../contract/engine.ts';
import type { EngineStats } from '../contract/stats.ts';
import { IntervalLog } from './interval-log.ts';
import { OpenLoop } from './open-loop.ts';
import { Recorder, type SentTask } from './recorder.ts';
import type { LoadProgress, LoadSurroundings } from './surroundings.ts';
import type { NextTask } from './task-source.ts';
import { tickEvery, until } from './ticker.ts';

export interface MeasureOptions {
  readonly engine: Engine;
  readonly agentNames: readonly string[];
  readonly next: NextTask;
  readonly arrivals: Iterator<number>;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly intervalMs: number;
  readonly drainMs: number;
  readonly sloP99Ms: number | null;
}

/** What one run has measured. */
export interface Measurement {
  readonly recorder: Recorder;
  readonly log: IntervalLog;
  /** Start of the measured part, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Whether the generator was hopelessly late and stopped before the end. */
  readonly gaveUp: boolean;
  /** Of the engine at the end. */
  readonly stats: EngineStats;
}

const PROGRESS_EVERY_MS = 250;

/** Offers the arrivals to the engine, warm-up first, and waits for what is outstanding at the end. */
export async function measure(options: MeasureOptions, around: LoadSurroundings): Promise<Measurement> {
  const { engine, next, warmupMs, durationMs, intervalMs, drainMs } = options;
  const { clock, signal } = around;
  const recorder = new Recorder(options.agentNames, options.sloP99Ms);
  const probe = around.openProbe();
  IntervalLog.rehearse(probe, () => engine.stats());
  const startMs = clock.now();
  const measuredMs = startMs + warmupMs;
  const endMs = measuredMs + durationMs;
  const startedAtMs = around.wallNow() + warmupMs;
  const log = new IntervalLog({ recorder, probe, stats: () => engine.stats(), startedAtMs });
  let onEmpty = (): void => {};
  let isOver = false;
  let gaveUp = false;
  const loop = new OpenLoop(
    {
      clock,
      arrivals: options.arrivals,
      untilMs: warmupMs + durationMs,
      signal,
      send(index, intendedAtMs, sentAtMs) {
        const { agent, input, priority } = next(index);
        const handle = engine.submit(agent, input, { priority });
        if (intendedAtMs < measuredMs) return;
        const sent: SentTask = { agent: recorder.agents.get(agent)!, priority, intendedAtMs };
        recorder.sent(sent, sentAtMs);
        void handle.outcome.then((outcome) => {
          // Those that closing the engine cancels are counted as unfinished.
          if (isOver) return;
          recorder.ended(sent, outcome, clock.now());
          if (recorder.totals.open === 0) onEmpty();
        });
      },
    },
    startMs,
  );
  const isWorthALine = (atMs: number): boolean => atMs - log.startMs > intervalMs / 10;
  const closeInterval = (): void => {
    const atMs = clock.now() - measuredMs;
    // The first tick is the start of the measured part: what the probe has seen before is warm-up.
    if (atMs < intervalMs / 2 && log.intervals.length === 0) probe.read();
    // The end of the load may have closed one a moment ago.
    else if (isWorthALine(atMs)) log.close(atMs);
  };
  const times = { startMs, measuredMs, endMs, drainMs };
  const tell = (): void => around.onProgress?.(progressOf(recorder, log, clock.now(), times));
  const stops = [
    tickEvery(clock, measuredMs, intervalMs, closeInterval),
    tickEvery(clock, startMs, PROGRESS_EVERY_MS, tell),
  ];
  try {
    // A run that was given up proves nothing any more, so that nobody has to wait for its end.
    gaveUp = (await loop.run()) === 'gave up';
    if (!gaveUp) await until(clock, endMs, signal);
    // So that no interval is of both phases.
    const loadedMs = clock.now() - measuredMs;
    if (isWorthALine(loadedMs)) log.close(loadedMs);
    log.drain();
    await until(clock, endMs + drainMs, signal, (done) => {
      onEmpty = done;
      if (recorder.totals.open === 0) done();
    });
  } finally {
    for (const stop of stops) stop();
    probe.stop();
  }
  isOver = true;
  const lastMs = clock.now() - measuredMs;
  if (isWorthALine(lastMs) || recorder.interval.hasEvents) log.close(lastMs);
  return { recorder, log, startedAtMs, gaveUp, stats: engine.stats() };
}

interface Times {
  readonly startMs: number;
  readonly measuredMs: number;
  readonly endMs: number;
  readonly drainMs: number;
}

function progressOf(recorder: Recorder, log: IntervalLog, nowMs: number, times: Times): LoadProgress {
  const { offered, completed, rejected, failed } = recorder.totals.counts;
  return {
    ...phaseOf(nowMs, times),
    offered,
    completed,
    rejected,
    failed,
    open: recorder.totals.open,
    p99Ms: log.intervals.at(-1)?.latencyMs.p99 ?? 0,
  };
}

function phaseOf(nowMs: number, { startMs, measuredMs, endMs, drainMs }: Times) {
  const phase = (name: LoadProgress['phase'], fromMs: number, toMs: number) => ({
    phase: name,
    elapsedMs: nowMs - fromMs,
    totalMs: toMs - fromMs,
  });
  if (nowMs < measuredMs) return phase('warm-up', startMs, measuredMs);
  if (nowMs < endMs) return phase('load', measuredMs, endMs);
  return phase('drain', endMs, endMs + drainMs);
}
