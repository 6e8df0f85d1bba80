/** What an epoch told: `slowness` is ln(latency) against a reference that stays the same. */
export interface Observation {
  /** Mean number in flight. */
  readonly n: number;
  readonly slowness: number;
  /** Samples behind it. */
  readonly count: number;
}

export interface Fit {
  /** Slowness below the knee. */
  readonly base: number;
  /** Concurrency from which on latency grows; above all observations if they show none. */
  readonly knee: number;
  /** Whether the observations speak for a knee within their range. */
  readonly isSeen: boolean;
}

/** Power with which latency grows above the knee: 1 for a plain queue, more where calls slow each other down. */
const POWER = 1.1;
/** Observations kept, and what each is worth compared with the next one. */
const HISTORY = 32;
const FADE = 0.93;
/** Samples that an observation counts for, at most: many in one stretch share its luck. */
const MOST = 256;
/** Spread of ln(latency) that is reckoned with. */
const VARIANCE = 0.3;
/** How much likelier a knee has to be than none, as twice a log-likelihood: 4 is two standard errors. */
const EVIDENCE = 4;
/** Knees that are tried lie this far apart. */
const GRID = 1.04;

/**
 * Fits latency over concurrency: flat up to a knee, a power above it.
 *
 *   slowness(n) = base + 1.1 max(0, ln(n / knee))
 *
 * Weighted least squares; for each knee of a grid the best base is a mean. Old observations fade.
 */
export class KneeFit {
  private observations: (Observation & { weight: number })[] = [];

  get size(): number {
    return this.observations.length;
  }

  add({ n, slowness, count }: Observation): void {
    for (const observation of this.observations) observation.weight *= FADE;
    this.observations.push({ n, slowness, count, weight: Math.min(MOST, count) });
    if (this.observations.length > HISTORY) this.observations.shift();
  }

  /** Forgets what was seen at more than n calls in flight. */
  forgetAbove(n: number): void {
    this.observations = this.observations.filter((observation) => observation.n <= n);
  }

  /** Forgets everything. */
  restart(): void {
    this.observations = [];
  }

  fit(): Fit {
    let low = Number.POSITIVE_INFINITY;
    let high = 0;
    for (const { n } of this.observations) {
      low = Math.min(low, n);
      high = Math.max(high, n);
    }
    const flat = this.errorAt(high);
    let best = { error: flat.error, base: flat.base, knee: high };
    for (let knee = high / GRID; knee >= low; knee /= GRID) {
      const { error, base } = this.errorAt(knee);
      if (error < best.error) best = { error, base, knee };
    }
    const isSeen = flat.error - best.error > EVIDENCE;
    return isSeen ? { base: best.base, knee: best.knee, isSeen } : { base: flat.base, knee: high, isSeen };
  }

  /** Sum of squares, in standard errors, and the best base for this knee. */
  private errorAt(knee: number): { error: number; base: number } {
    let weights = 0;
    let sum = 0;
    let squares = 0;
    for (const { n, slowness, weight } of this.observations) {
      const rest = slowness - above(n, knee);
      weights += weight;
      sum += weight * rest;
      squares += weight * rest * rest;
    }
    if (weights === 0) return { error: 0, base: 0 };
    return { error: (squares - (sum * sum) / weights) / VARIANCE, base: sum / weights };
  }
}

/** What the knee adds at n calls in flight. */
export function above(n: number, knee: number): number {
  return n <= knee ? 0 : POWER * Math.log(n / knee);
}
