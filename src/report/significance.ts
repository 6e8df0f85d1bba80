import type { Distribution } from './distribution.ts';
import type { ReportInterval } from './report.ts';

/** A value with its 95 % confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Whether there are samples enough for the interval to end there, and not where the samples do. */
  readonly hasLow: boolean;
  readonly hasHigh: boolean;
}

export type Verdict = 'significant' | 'within noise' | 'too few samples';

/** How much one value differs from another. */
export interface Difference {
  /** Second less first, with its 95 % confidence interval. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

/** Of the normal distribution, for 95 % on both sides. */
const Z = 1.96;
/** Fewer samples beyond a percentile, or fewer successes and failures of a share, tell nothing. */
const LEAST_BEYOND = 10;
/** Two histograms of the same values may differ by so much, being exact to two digits. */
const PRECISION = 0.02;

/**
 * A quantile with the confidence interval of order statistics: the ranks n q ± z sqrt(n q (1 - q)) hold it, whatever the
 * distribution (David and Nagaraja, Order Statistics, 2003, section 7.1). The design `effect` widens it by its root.
 */
export function quantileEstimate(distribution: Distribution, q: number, effect: number): Estimate {
  const { count } = distribution;
  const spread = Z * Math.sqrt(count * q * (1 - q));
  const value = distribution.quantileMs(q);
  const wider = Math.sqrt(effect);
  return {
    value,
    low: Math.max(0, value - wider * (value - distribution.atRankMs(Math.floor(count * q - spread)))),
    high: value + wider * (distribution.atRankMs(Math.ceil(count * q + spread)) - value),
    hasLow: count * q >= LEAST_BEYOND,
    hasHigh: count * (1 - q) >= LEAST_BEYOND,
  };
}

/** A share of all with its interval by the normal approximation (Wald). */
export function shareEstimate(part: number, all: number, effect: number): Estimate {
  const share = all === 0 ? 0 : part / all;
  const spread = all === 0 ? 0 : Z * Math.sqrt((share * (1 - share) * effect) / all);
  return {
    value: share,
    low: Math.max(0, share - spread),
    high: Math.min(1, share + spread),
    hasLow: all / effect >= LEAST_BEYOND,
    hasHigh: all / effect >= LEAST_BEYOND,
  };
}

/**
 * The difference of two estimates, its interval recovered from theirs (the square-and-add method: Zou and Donner,
 * Statistics in Medicine 27, 2008). For shares this is the two-proportion z interval. Within noise if zero is in it.
 * @param precision least difference, as a share of the larger value, that the measurement can tell at all
 */
export function difference(a: Estimate, b: Estimate, precision = PRECISION): Difference {
  const value = b.value - a.value;
  const low = value - Math.hypot(b.value - b.low, a.high - a.value);
  const high = value + Math.hypot(b.high - b.value, a.value - a.low);
  const isTiny = Math.abs(value) <= precision * Math.max(Math.abs(a.value), Math.abs(b.value));
  const isClear = (low > 0 || high < 0) && !isTiny;
  // Only the ends that lie between the two values decide.
  const isKnown = value < 0 ? a.hasLow && b.hasHigh : a.hasHigh && b.hasLow;
  const verdict = !isKnown ? 'too few samples' : isClear ? 'significant' : 'within noise';
  return { value, low, high, verdict };
}

/** So many stretches of a run are compared with each other: long enough to be independent, enough to scatter. */
const STRETCHES = 10;
/** Student's t for 95 %, with one degree of freedom less than there are stretches. */
const T = 2.26;

/**
 * How many times larger the variance of a run's result is than that of as many independent samples (the design effect:
 * Kish, Survey Sampling, 1965). Tasks that wait in the same queue are slow together, so a hundred of them tell less than
 * a hundred. Found by the method of batch means (Law and Kelton, Simulation Modeling and Analysis): from how much the
 * results of ten stretches of the run scatter. At least 1; also 1 if there are too few intervals to tell.
 * @param spread half of the 95 % interval that independent samples would have
 */
function designEffect(
  groups: readonly { readonly weight: number; readonly value: number }[],
  spread: number,
): number {
  const used = groups.filter(({ weight }) => weight > 0);
  if (used.length < STRETCHES || spread === 0) return 1;
  const values = Array.from({ length: STRETCHES }, (_, i) => {
    const from = Math.floor((i * used.length) / STRETCHES);
    return weightedMean(used.slice(from, Math.floor(((i + 1) * used.length) / STRETCHES)));
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / STRETCHES;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (STRETCHES - 1);
  return Math.max(1, (T * Math.sqrt(variance / STRETCHES)) / spread) ** 2;
}

function weightedMean(groups: readonly { readonly weight: number; readonly value: number }[]): number {
  const weight = groups.reduce((sum, group) => sum + group.weight, 0);
  return groups.reduce((sum, group) => sum + group.weight * group.value, 0) / weight;
}

/** The percentiles that a report has for every interval. */
export const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;
export type Percentile = keyof typeof PERCENTILES;

/**
 * The design effect of a percentile of the latency of all tasks. An interval has too few samples to show how much its
 * own high percentiles scatter, but those below scatter for the same reasons; so the largest of them counts.
 */
export function latencyEffect(
  intervals: readonly ReportInterval[],
  latency: Distribution,
  percentile: Percentile,
): number {
  const upTo = (Object.keys(PERCENTILES) as Percentile[]).filter(
    (each) => PERCENTILES[each] <= PERCENTILES[percentile],
  );
  const effects = upTo.map((each) => {
    const { low, high } = quantileEstimate(latency, PERCENTILES[each], 1);
    const groups = intervals.map(({ latencyMs }) => ({ weight: latencyMs.count, value: latencyMs[each] }));
    return designEffect(groups, (high - low) / 2);
  });
  return Math.max(...effects);
}

/** The design effect of a share of what was offered. */
export function shareEffect(
  intervals: readonly ReportInterval[],
  part: (interval: ReportInterval) => number,
): number {
  const groups = intervals.map((each) => ({
    weight: each.offered,
    value: each.offered === 0 ? 0 : part(each) / each.offered,
  }));
  const offered = groups.reduce((sum, { weight }) => sum + weight, 0);
  const parts = intervals.reduce((sum, each) => sum + part(each), 0);
  const { low, high } = shareEstimate(Math.min(parts, offered), offered, 1);
  return designEffect(groups, (high - low) / 2);
}
