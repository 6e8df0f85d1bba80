import type { Random } from '../contract/clock.ts';
import { arrivalTimes, type RateSegment } from './rate-curve.ts';

/** The kinds of arrivals that a rate describes. A trace brings its own. */
export const RATE_KINDS = ['constant', 'poisson', 'bursty', 'step', 'ramp'] as const;
export type RateKind = (typeof RATE_KINDS)[number];
export const ARRIVAL_KINDS = [...RATE_KINDS, 'trace'] as const;
export type ArrivalKind = (typeof ARRIVAL_KINDS)[number];

/** How many tasks arrive, and how. */
export interface RatePlan {
  readonly kind: RateKind;
  /** Mean rate; of `step` and `ramp`, the one they start with. */
  readonly ratePerSecond: number;
  /** What `step` jumps to, half-way through the measured part, and `ramp` climbs to, at its end. */
  readonly toRatePerSecond: number;
  /** Of `bursty`: how much above the mean rate a burst is, which share of time it takes, and how often one comes. */
  readonly burst: { readonly factor: number; readonly share: number; readonly periodMs: number };
  readonly warmupMs: number;
  readonly durationMs: number;
}

/**
 * Intended arrival times, in milliseconds from the start of the run, warm-up included. Equal seeds give equal
 * arrivals. All kinds but `constant` are Poisson processes: arrivals do not know of each other.
 */
export function arrivalsOf(plan: RatePlan, random: Random): Iterator<number> {
  const nextGap = plan.kind === 'constant' ? () => 1 : () => -Math.log(1 - random());
  return arrivalTimes(curveOf(plan), nextGap);
}

function* curveOf(plan: RatePlan): Generator<RateSegment> {
  const rate = plan.ratePerSecond / 1_000;
  const target = plan.toRatePerSecond / 1_000;
  const { warmupMs, durationMs } = plan;
  const flat = (lengthMs: number, at: number) => ({ lengthMs, fromRate: at, toRate: at });
  switch (plan.kind) {
    case 'bursty':
      yield* bursts(plan, rate);
      return;
    case 'step':
      yield flat(warmupMs + durationMs / 2, rate);
      yield flat(durationMs / 2, target);
      return;
    case 'ramp':
      yield flat(warmupMs, rate);
      yield { lengthMs: durationMs, fromRate: rate, toRate: target };
      return;
    default:
      yield flat(warmupMs + durationMs, rate);
  }
}

/** Calm first, then the burst, so that the mean over a period is the rate. */
function* bursts({ burst, warmupMs, durationMs }: RatePlan, rate: number): Generator<RateSegment> {
  const { factor, share, periodMs } = burst;
  const burstMs = periodMs * share;
  const calmRate = (rate * (1 - share * factor)) / (1 - share);
  for (let atMs = 0; atMs < warmupMs + durationMs; atMs += periodMs) {
    yield { lengthMs: periodMs - burstMs, fromRate: calmRate, toRate: calmRate };
    yield { lengthMs: burstMs, fromRate: rate * factor, toRate: rate * factor };
  }
}
