import type { LoadProgress } from '../load/surroundings.ts';
import { plural } from '../report/number-text.ts';
import type { ProgressPicture } from './progress-display.ts';

/** How far a load run is, in words. */
export function loadPicture(progress: LoadProgress): ProgressPicture {
  const { phase, elapsedMs, totalMs, offered, completed, rejected, failed, open, p99Ms } = progress;
  const notes = [`${open} open`];
  if (rejected > 0) notes.push(`${rejected} shed`);
  if (failed > 0) notes.push(`${failed} failed`);
  if (p99Ms > 0) notes.push(`p99 ${p99Ms.toFixed(0)} ms`);
  return {
    phase,
    done: Math.min(elapsedMs, totalMs),
    total: totalMs,
    amount:
      phase === 'warm-up' ? 'nothing is counted yet' : `${completed} of ${plural(offered, 'task')} done`,
    notes: notes.join(', '),
  };
}
