/** Weight of the newest of many. */
const LEAST_WEIGHT = 0.1;

interface Measured {
  count: number;
  meanMs: number;
  varianceMs2: number;
}

/** How long work takes, by who does it: mean and spread of what ended, the newest weighing more. */
export class Durations {
  readonly #measured = new Map<string, Measured>();

  add(who: string, ms: number): void {
    let of = this.#measured.get(who);
    if (of === undefined) {
      of = { count: 0, meanMs: ms, varianceMs2: 0 };
      this.#measured.set(who, of);
    }
    of.count++;
    const weight = Math.max(1 / of.count, LEAST_WEIGHT);
    const off = ms - of.meanMs;
    of.meanMs += weight * off;
    of.varianceMs2 = (1 - weight) * (of.varianceMs2 + weight * off * off);
  }

  of(who: string): Readonly<Measured> | undefined {
    return this.#measured.get(who);
  }
}
