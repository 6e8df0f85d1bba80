import { Presets, SingleBar } from 'cli-progress';
import type { Clock } from '../contract/clock.ts';

/** How far a job is, in words. */
export interface ProgressPicture {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** How much is done. */
  readonly amount: string;
  readonly notes: string;
}

/** Shows how far a job is. */
export interface ProgressDisplay<T> {
  readonly update: (progress: T) => void;
  /** Takes the display off the screen. */
  readonly stop: () => void;
}

/** Between two lines where there is no terminal, in milliseconds. */
const LINE_EVERY_MS = 3_000;

/** A bar on a terminal, a line every few seconds elsewhere. */
export function showProgress<T>(
  stream: NodeJS.WriteStream,
  clock: Clock,
  picture: (progress: T) => ProgressPicture,
): ProgressDisplay<T> {
  return stream.isTTY ? progressBar(stream, picture) : progressLines(stream, clock, picture);
}

function progressBar<T>(
  stream: NodeJS.WriteStream,
  picture: (progress: T) => ProgressPicture,
): ProgressDisplay<T> {
  const bar = new SingleBar(
    {
      stream,
      format: '{phase} [{bar}] {percentage}% | {amount} | {notes} | {eta_formatted} left',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      // News that come more often would otherwise be drawn as often.
      fps: 8,
      etaBuffer: 50,
    },
    Presets.legacy,
  );
  let started: string | undefined;
  return {
    update(progress) {
      const { phase, done, total, amount, notes } = picture(progress);
      const payload = { phase, amount, notes };
      // A new phase counts from the start again.
      if (started === phase) bar.update(done, payload);
      else bar.start(Math.max(1, total), done, payload);
      started = phase;
    },
    stop() {
      if (started !== undefined) bar.stop();
    },
  };
}

function progressLines<T>(
  stream: NodeJS.WriteStream,
  clock: Clock,
  picture: (progress: T) => ProgressPicture,
): ProgressDisplay<T> {
  let lastMs: number | undefined;
  return {
    update(progress) {
      lastMs ??= clock.now();
      if (clock.now() - lastMs < LINE_EVERY_MS) return;
      lastMs = clock.now();
      const { phase, done, total, amount, notes } = picture(progress);
      const percent = Math.min(100, Math.floor((100 * done) / Math.max(1, total)));
      stream.write(`${phase}: ${percent}%, ${amount}, ${notes}\n`);
    },
    stop() {},
  };
}
