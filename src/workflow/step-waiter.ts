import type { Waiter } from '../contract/waiter.ts';
import { dependentsOf } from './cancelling.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { RunState } from './state.ts';

/** As much of a run as has to be known to tell what waits in it. */
export interface WaitingRun {
  readonly plan: Plan;
  readonly state: RunState;
}

/** A step, as its tasks know it. Costs nothing until it is asked. */
export class StepWaiter implements Waiter {
  shared: Waiter['shared'] = undefined;
  readonly #run: WaitingRun;
  readonly #step: number;
  readonly #within: Waiter | undefined;

  /** @param within the step of another run that waits for this one */
  constructor(run: WaitingRun, { index }: PlanStep, within: Waiter | undefined) {
    this.#run = run;
    this.#step = index;
    this.#within = within;
  }

  addDependents(found: Map<string, Set<string>>): void {
    const { plan, state } = this.#run;
    const steps = dependentsOf(plan, state, [this.#step], 'cancel');
    if (steps.length > 0) {
      const names = found.get(state.run) ?? new Set();
      for (const step of steps) names.add(plan.steps[step]!.definition.name);
      found.set(state.run, names);
    }
    this.#within?.addDependents(found);
  }
}
