import type { StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import { type FoldPlan, foldPlanOf } from './fold-plan.ts';

/** A step with its place in the graph. Steps are known by their index in the order of definition. */
export interface PlanStep {
  readonly index: number;
  readonly definition: StepDefinition;
  readonly needs: readonly number[];
  readonly neededBy: readonly number[];
}

/** A workflow as the runner looks at it. Worked out once for each definition. */
export interface Plan {
  readonly workflow: Workflow;
  readonly steps: readonly PlanStep[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Steps that no other one takes. */
  readonly sinks: readonly number[];
  /** Each step after all that it needs. */
  readonly order: readonly number[];
  /** Maps whose outputs are brought together while they run, by their index. */
  readonly folds: ReadonlyMap<number, FoldPlan>;
  /** Whether a step can be undone. */
  readonly isSaga: boolean;
}

const plans = new WeakMap<Workflow, Plan>();

export function planOf(workflow: Workflow): Plan {
  const known = plans.get(workflow);
  if (known !== undefined) return known;
  const plan = makePlan(workflow);
  plans.set(workflow, plan);
  return plan;
}

function makePlan(workflow: Workflow): Plan {
  const { steps } = workflow;
  const indexOf = new Map(steps.map(({ name }, index) => [name, index]));
  const neededBy = steps.map((): number[] => []);
  const needs = steps.map((step, index) => {
    const all = needsOf(step).map((name) => indexOf.get(name)!);
    for (const need of all) neededBy[need]!.push(index);
    return all;
  });
  return {
    workflow,
    steps: steps.map((definition, index) => ({
      index,
      definition,
      needs: needs[index]!,
      neededBy: neededBy[index]!,
    })),
    indexOf,
    sinks: neededBy.flatMap((takers, index) => (takers.length === 0 ? [index] : [])),
    order: inOrder(needs, neededBy),
    folds: new Map(
      steps.flatMap((step, index): [number, FoldPlan][] => {
        const fold = foldPlanOf(
          step,
          neededBy[index]!.map((taker) => steps[taker]!),
        );
        return fold === undefined ? [] : [[index, fold]];
      }),
    ),
    isSaga: steps.some(({ compensate }) => compensate !== undefined),
  };
}

/** What a step waits for, each name once. */
export function needsOf(step: StepDefinition): readonly string[] {
  const all = step.kind === 'reduce' ? [step.of, ...step.after] : step.after;
  return all.length < 2 ? all : [...new Set(all)];
}

/** Kahn's algorithm; steps on a cycle are left out. */
export function inOrder(
  needs: readonly (readonly number[])[],
  neededBy: readonly (readonly number[])[],
): readonly number[] {
  const left = needs.map(({ length }) => length);
  const order = left.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let at = 0; at < order.length; at++) {
    for (const next of neededBy[order[at]!]!) if (--left[next]! === 0) order.push(next);
  }
  return order;
}
