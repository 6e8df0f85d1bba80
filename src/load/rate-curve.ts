/** A stretch of time in which the rate of arrivals changes evenly. Rates are arrivals a millisecond. */
export interface RateSegment {
  readonly lengthMs: number;
  readonly fromRate: number;
  readonly toRate: number;
}

/** Arrivals that a segment brings on average. */
function areaOf({ lengthMs, fromRate, toRate }: RateSegment): number {
  return (lengthMs * (fromRate + toRate)) / 2;
}

/**
 * Times, in milliseconds from the start, at which arrivals fall due: gaps of 1 give regular arrivals, gaps drawn from
 * the exponential distribution of mean 1 a Poisson process. Ends with the curve, or never.
 * Source: the time-rescaling theorem (inversion of the integrated rate), Lewis and Shedler 1979.
 */
export function* arrivalTimes(curve: Iterable<RateSegment>, nextGap: () => number): Generator<number> {
  let startMs = 0;
  let areaBefore = 0;
  let due = nextGap();
  for (const segment of curve) {
    const area = areaOf(segment);
    while (due <= areaBefore + area) {
      yield startMs + timeWithin(segment, due - areaBefore);
      due += nextGap();
    }
    startMs += segment.lengthMs;
    areaBefore += area;
  }
}

/** When the segment has brought `area` arrivals. This form of the root has no difference of near-equal numbers. */
function timeWithin({ lengthMs, fromRate, toRate }: RateSegment, area: number): number {
  const slope = (toRate - fromRate) / lengthMs;
  const root = Math.sqrt(Math.max(0, fromRate * fromRate + 2 * slope * area));
  return area === 0 ? 0 : Math.min(lengthMs, (2 * area) / (fromRate + root));
}
