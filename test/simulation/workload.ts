import type { Random } from '../../src/contract/clock.ts';
import { lognormal } from '../../src/upstream/seeded-random.ts';

export type LaneName = 'threads' | 'loop';

export const PRIORITIES = ['high', 'normal', 'low'] as const;
/** Share of the arrivals of each priority, added up: 10, 30 and 60 %. */
const SHARES = [0.1, 0.4, 1] as const;

/** Spread of ln(service) of threads. */
const SIGMA_THREADS = 0.8;
/** A call: 97 % lognormal with median 1.5 s, and 3 % Pareto from 3 s with exponent 2.5, cut off at 60 times that. */
const CALL = { medianS: 1.5, sigma: 0.5, tail: 0.03, tailFromS: 3, exponent: 2.5, cutAt: 60 } as const;
const CALL_MEAN_S =
  (1 - CALL.tail) * CALL.medianS * Math.exp(CALL.sigma ** 2 / 2) +
  (CALL.tail * CALL.tailFromS * CALL.exponent) / (CALL.exponent - 1);

/** Mean service time at full speed, in milliseconds. */
export const MEAN_MS: Readonly<Record<LaneName, number>> = { threads: 5, loop: 1_000 * CALL_MEAN_S };

/** A service time at full speed over its mean: lognormal for threads; with a heavy tail for calls. */
export function drawService(lane: LaneName, random: Random): number {
  if (lane === 'threads') return lognormal(SIGMA_THREADS, random);
  if (random() < CALL.tail) {
    const tail = Math.min(CALL.cutAt, 1 / (1 - random()) ** (1 / CALL.exponent));
    return (tail * CALL.tailFromS) / CALL_MEAN_S;
  }
  const toMedian = Math.exp(CALL.sigma ** 2 / 2);
  return (CALL.medianS * toMedian * lognormal(CALL.sigma, random)) / CALL_MEAN_S;
}

/** Index in `PRIORITIES`. */
export function drawClass(random: Random): number {
  const draw = random();
  return SHARES.findIndex((share) => draw < share);
}

/** Agents that share the lane, and which of them a task is for. */
export interface Mix {
  /** Each agent's mean service time over that of the lane. */
  readonly factors: readonly number[];
  /** The agent for a task that comes at this moment; `draw` is uniform in [0, 1). */
  readonly pick: (atS: number, draw: number) => number;
}

export const ONE_AGENT: Mix = { factors: [1], pick: () => 0 };

/** Draws by which the mean of a mix is found; they lie evenly, so that it costs no randomness. */
const MIX_DRAWS = 64;

/** Mean service time of the tasks that come at a moment, over that of the lane. */
export function meanFactor({ factors, pick }: Mix, atS: number): number {
  if (factors.length === 1) return factors[0]!;
  let sum = 0;
  for (let i = 0; i < MIX_DRAWS; i++) sum += factors[pick(atS, (i + 0.5) / MIX_DRAWS)]!;
  return sum / MIX_DRAWS;
}
