/** What is left, at least, of a run that has not ended. */
const LEAST_LEFT = 0.001;

/**
 * How much of a run is done, 0 to 1. What is left of the bar is shared out among what is left of the work, as it is
 * expected now: where work turns up that nobody knew of, or expectations change, the bar goes on more slowly; it never
 * goes back.
 */
export class DoneShare {
  #left = 1;
  readonly #fractions: Float64Array;

  constructor(steps: number) {
    this.#fractions = new Float64Array(steps);
  }

  /**
   * @param weights how long each step takes as a whole, in milliseconds
   * @param fractions how much of each is done, 0 to 1
   * @param moreMs work that is no step
   */
  update(weights: Float64Array, fractions: Float64Array, moreMs: number): number {
    let done = 0;
    let rest = moreMs;
    for (let step = 0; step < weights.length; step++) {
      const fraction = fractions[step]!;
      const weight = weights[step]!;
      done += weight * Math.max(0, fraction - this.#fractions[step]!);
      rest += weight * (1 - fraction);
      this.#fractions[step] = fraction;
    }
    if (done > 0) this.#left = Math.max(LEAST_LEFT, (this.#left * rest) / (done + rest));
    return 1 - this.#left;
  }

  /** The run had ended, and begins again. */
  startOver(): void {
    this.#left = 1;
    this.#fractions.fill(0);
  }
}
