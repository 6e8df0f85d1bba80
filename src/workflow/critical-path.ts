import type { Plan } from './plan.ts';

/** How long a step takes that nothing is known of, in milliseconds. */
const UNKNOWN_MS = 1;

/**
 * How long steps take, by who does them: the mean of those that ended lately. It says how much lies behind each step on
 * the longest way to the end, and those with the most behind them go first.
 */
export class CriticalPath {
  readonly #plan: Plan;
  readonly #kinds: readonly string[];
  readonly #means = new Map<string, number>();
  #remaining: Float64Array;
  #measured = 0;
  #computeAt = 1;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#kinds = plan.steps.map(({ definition }) => {
      const work = 'work' in definition ? definition.work : undefined;
      if (definition.kind === 'task' && work?.kind === 'agent') return `agent ${work.agent}`;
      if (definition.kind === 'task' && work?.kind === 'capability') return `capability ${work.capability}`;
      return `step ${definition.name}`;
    });
    this.#remaining = this.#compute();
  }

  measured(step: number, ms: number): void {
    const kind = this.#kinds[step]!;
    const mean = this.#means.get(kind);
    this.#means.set(kind, mean === undefined ? ms : mean + 0.2 * (ms - mean));
    this.#measured++;
  }

  /** How long the step is expected to take, in milliseconds. */
  expectedMs(step: number): number {
    return this.#plan.steps[step]!.definition.expectedMs ?? this.#means.get(this.#kinds[step]!) ?? UNKNOWN_MS;
  }

  /** From the start of the step to the end of the longest way through it, in milliseconds. */
  remainingMs(step: number): number {
    // Each time that twice as much is known: the work on it stays in proportion.
    if (this.#measured >= this.#computeAt) {
      this.#computeAt = this.#measured * 2;
      this.#remaining = this.#compute();
    }
    return this.#remaining[step]!;
  }

  #compute(): Float64Array {
    const { steps, order } = this.#plan;
    const remaining = new Float64Array(steps.length);
    for (let at = order.length - 1; at >= 0; at--) {
      const index = order[at]!;
      let longest = 0;
      for (const next of steps[index]!.neededBy) longest = Math.max(longest, remaining[next]!);
      remaining[index] = longest + this.expectedMs(index);
    }
    return remaining;
  }
}
