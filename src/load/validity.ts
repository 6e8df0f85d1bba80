import type { LoadReport } from '../report/report.ts';

/** When the generator's own lag disturbs what is measured. */
export const VALIDITY = {
  /** The p99 of the lag may be this share of the objective … */
  shareOfObjective: 0.05,
  /** … but this much is always allowed, in milliseconds: timers count whole ones, and a busy core is shared in slices. */
  toleranceMs: 10,
  /** Longest stall without an objective, in milliseconds. With one, a stall may not be as long as the objective. */
  stallMs: 1_000,
  /** However generous the objective. Below what the generator gives up at. */
  longestStallMs: 5_000,
} as const;

/**
 * Judges a run by the lag of its generator. A lag adds to every latency that it precedes and sends as a burst what was
 * to come evenly, so that a run with much of it measures its generator.
 * @param gaveUp whether the generator stopped before the end, hopelessly late
 */
export function judge(
  lagMs: LoadReport['validity']['lagMs'],
  sloP99Ms: number | null,
  gaveUp = false,
): LoadReport['validity'] {
  const allowedMs = Math.max(VALIDITY.toleranceMs, VALIDITY.shareOfObjective * (sloP99Ms ?? 0));
  const stallMs = Math.max(allowedMs, Math.min(sloP99Ms ?? VALIDITY.stallMs, VALIDITY.longestStallMs));
  const late: string[] = [];
  if (lagMs.p99 > allowedMs) {
    late.push(
      `1 % of the arrivals were sent more than ${text(lagMs.p99)} late; ${text(allowedMs)} is allowed`,
    );
  }
  if (lagMs.max > stallMs) {
    late.push(`an arrival was sent ${text(lagMs.max)} late; less than ${text(stallMs)} is allowed`);
  }
  if (gaveUp) late.push('the generator fell so far behind that it gave up before the end');
  if (late.length > 0) late.push(ADVICE);
  const reasons = lagMs.count === 0 && !gaveUp ? [EMPTY] : late;
  return { valid: reasons.length === 0, reasons, lagMs };
}

const EMPTY = 'no task arrived in the measured part: make it longer, or raise the rate';
const ADVICE =
  'what to do: ask for fewer arrivals a second, for fewer threads than there are cores, or for longer tasks, and let nothing else run';

function text(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
