import type { Prediction } from '../contract/tuned-config.ts';
import { TUNE_RULES } from './defaults.ts';
import { busiestPerSecond, type Workload } from './workload.ts';

/** The largest bound, and what it is predicted to do. */
export interface BoundChoice {
  readonly bound: number;
  readonly prediction: Prediction;
}

/**
 * The most tasks that may be inside at once so that the p99 of each agent stays below the target. More inside means more
 * goodput, for fewer are shed in a burst, and a longer wait; so the largest bound that fits is the best one. Found by
 * bisection, for the p99 grows with the bound. `undefined` if not even one at a time fits.
 */
export function largestBound(
  workload: Workload,
  predictAt: (bound: number) => Prediction,
  targetMs: number,
  sloMs: number,
): BoundChoice | undefined {
  const fits = ({ agents }: Prediction) => agents.every(({ p99Ms }) => p99Ms <= targetMs);
  let high = mostUseful(workload, sloMs);
  let prediction = predictAt(high);
  if (fits(prediction)) return { bound: high, prediction };
  let best: BoundChoice | undefined;
  for (let low = 0; high - low > 1 + low / 100; ) {
    const bound = Math.floor((low + high) / 2);
    prediction = predictAt(bound);
    if (fits(prediction)) {
      best = { bound, prediction };
      low = bound;
    } else high = bound;
  }
  return best;
}

/** By Little's law, no more than this are inside while the latency is within the objective; twice as many, for bursts. */
function mostUseful(workload: Workload, sloMs: number): number {
  const inside = (2 * busiestPerSecond(workload) * sloMs) / 1_000;
  return Math.min(Math.max(Math.ceil(inside), 16), TUNE_RULES.maxQueue);
}
