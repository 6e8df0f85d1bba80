import { type Attempt, isGood } from './attempt.ts';
import type { Phase } from './plan.ts';

const STEP_MS = 500;
const GOOD_SHARE = 0.99;

/**
 * How long after the phase began the contender was healthy: until the first window of half a second in which, and from
 * which on, 99 % of the tasks that arrived were good. `null` if there is none.
 */
export function healthyAfterMs(arrived: readonly Attempt[], phase: Phase, sloMs: number): number | null {
  const { fromMs, untilMs } = phase;
  const isHealthy = (windowMs: number, endMs: number): boolean => {
    const within = arrived.filter(({ intendedMs }) => intendedMs >= windowMs && intendedMs < endMs);
    const good = within.filter((attempt) => isGood(attempt, sloMs)).length;
    return within.length > 0 && good >= GOOD_SHARE * within.length;
  };
  for (let windowMs = fromMs; windowMs + STEP_MS <= untilMs; windowMs += STEP_MS) {
    if (isHealthy(windowMs, windowMs + STEP_MS) && isHealthy(windowMs, untilMs)) return windowMs - fromMs;
  }
  return null;
}
