import type { StepDefinition } from '../contract/workflow-definition.ts';
import type { Plan } from './plan.ts';
import type { SendTarget } from './sending.ts';

/** How long a step takes that nothing is known of, in milliseconds. */
const UNKNOWN_MS = 1;

/**
 * How long steps take, by who does them: the mean of those that ended lately. It says how much lies behind each step on
 * the longest way to the end, and those with the most behind them go first.
 */
export class CriticalPath {
  readonly #plan: Plan;
  readonly #serviceMs: (target: SendTarget) => number | undefined;
  readonly #kinds: readonly string[];
  readonly #means = new Map<string, number>();
  #remaining: Float64Array;
  #measured = 0;
  #computeAt = 1;

  /** @param serviceMs how long tasks for a target take, without what they wait */
  constructor(plan: Plan, serviceMs: (target: SendTarget) => number | undefined) {
    this.#plan = plan;
    this.#serviceMs = serviceMs;
    this.#kinds = plan.steps.map(({ definition }) => {
      const target = targetOf(definition);
      if (target === undefined) return `step ${definition.name}`;
      return typeof target === 'string' ? `agent ${target}` : `capability ${target.capability}`;
    });
    this.#remaining = this.#compute();
  }

  /** @param tookMs from its start to its end, what its task has waited included */
  measured(step: number, tookMs: number): void {
    const target = targetOf(this.#plan.steps[step]!.definition);
    const ms = (target === undefined ? undefined : this.#serviceMs(target)) ?? tookMs;
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

/** Who does the step, if it is one task. */
function targetOf(definition: StepDefinition): SendTarget | undefined {
  if (definition.kind !== 'task') return undefined;
  const { work } = definition;
  if (work.kind === 'agent') return work.agent;
  return work.kind === 'capability' ? work : undefined;
}
