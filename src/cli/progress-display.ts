import { Presets, SingleBar } from 'cli-progress';
import type { Clock } from '../contract/clock.ts';
import type { DigestProgress } from '../digest/progress.ts';
import { formatBytes, plural } from '../digest/text-format.ts';

/** Shows how far a digest is. */
export interface ProgressDisplay {
  readonly update: (progress: DigestProgress) => void;
  /** Takes the display off the screen. */
  readonly stop: () => void;
}

/** Between two lines where there is no terminal, in milliseconds. */
const LINE_EVERY_MS = 3_000;

/** A bar on a terminal, a line every few seconds elsewhere. */
export function showProgress(stream: NodeJS.WriteStream, clock: Clock): ProgressDisplay {
  return stream.isTTY ? progressBar(stream) : progressLines(stream, clock);
}

function progressBar(stream: NodeJS.WriteStream): ProgressDisplay {
  const bar = new SingleBar(
    {
      stream,
      format: '{phase} [{bar}] {percentage}% | {amount} | {notes} | {eta_formatted} left',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      // A piece of news a chunk would otherwise be drawn as often as it comes.
      fps: 8,
      etaBuffer: 50,
    },
    Presets.legacy,
  );
  let started = false;
  return {
    update(progress) {
      const payload = { phase: progress.phase, amount: amountText(progress), notes: notesText(progress) };
      if (!started) bar.start(Math.max(1, progress.totalBytes), progress.bytes, payload);
      else bar.update(progress.bytes, payload);
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

function progressLines(stream: NodeJS.WriteStream, clock: Clock): ProgressDisplay {
  let lastMs: number | undefined;
  return {
    update(progress) {
      lastMs ??= clock.now();
      if (clock.now() - lastMs < LINE_EVERY_MS) return;
      lastMs = clock.now();
      const percent = Math.floor((100 * progress.bytes) / Math.max(1, progress.totalBytes));
      stream.write(`${progress.phase}: ${percent}%, ${amountText(progress)}, ${notesText(progress)}\n`);
    },
    stop() {},
  };
}

function amountText({ bytes, totalBytes }: DigestProgress): string {
  return `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`;
}

function notesText({ chunks, errors, rateLimited }: DigestProgress): string {
  const notes = [plural(chunks, 'chunk')];
  if (errors > 0) notes.push(plural(errors, 'error'));
  if (rateLimited > 0) notes.push(`told to wait: ${rateLimited}`);
  return notes.join(', ');
}
