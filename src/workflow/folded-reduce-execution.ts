import { describe } from '../contract/option-issue.ts';
import type { StepError } from '../contract/workflow.ts';
import type { MapStep, ReduceStep } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import type { Aggregation } from './aggregate/aggregation.ts';
import { finishWith } from './aggregate/part.ts';
import { workResult } from './decide.ts';
import type { Execution, RunPort } from './execution.ts';
import { Fold, foldStandIn } from './fold.ts';
import type { FoldPlan } from './fold-plan.ts';
import { IndexSet } from './index-set.ts';
import { missingSuccesses } from './min-success.ts';
import { perform } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { SpentSum } from './spent.ts';
import { type ItemsState, isItemsState } from './state.ts';
import { errorOfThrown, stepError } from './step-error.ts';

/** A reduction whose map was folded while it ran: what is left is the last few parts. */
export class FoldedReduceExecution implements Execution {
  readonly #port: RunPort;
  readonly #step: PlanStep;
  readonly #map: PlanStep;
  readonly #plan: FoldPlan;
  readonly attempt: number;
  readonly #spent = new SpentSum();
  #fold: Fold | undefined;
  #stopped: { readonly dependents: Dependents; readonly why: string } | undefined;
  #isOver = false;

  constructor(port: RunPort, step: PlanStep, attempt: number, plan: FoldPlan) {
    this.#port = port;
    this.#step = step;
    this.#map = port.plan.steps[port.plan.indexOf.get(plan.reduce.of)!]!;
    this.#plan = plan;
    this.attempt = attempt;
  }

  start(): void {
    const { name, minSuccess, of } = this.#step.definition as ReduceStep;
    const items = this.#items();
    if (items === undefined) return;
    const count = items.count ?? items.ended.end;
    const lost = missingSuccesses(
      name,
      of,
      minSuccess,
      count,
      items.succeeded,
      (item) => !items.failures.has(item),
    );
    if (lost !== undefined) {
      this.#end(lost, undefined);
      return;
    }
    this.#fold = new Fold(this.#port, this.#plan, this.#step, {
      part: (_level, _position, _part, spent) => this.#spent.addAll(spent),
      failed: (error) => this.#end(error, undefined),
      complete: () => this.#finish(),
    });
    this.#fold.restore(items, (error) => foldStandIn(this.#map.definition as MapStep, error));
    // Items that were not wanted any more have left gaps.
    for (let item = 0; item < count; item++) {
      if (!items.ended.has(item)) this.#fold.skip(item, undefined);
    }
    this.#fold.end(count);
  }

  /** What the map has left; `undefined` if there is nothing to bring together, and all is said. */
  #items(): ItemsState | undefined {
    const { name, of, minSuccess } = this.#step.definition as ReduceStep;
    const map = this.#port.state.steps[this.#map.index]!;
    if (map.status === 'succeeded') return this.#itemsGiven(map.output);
    if (map.status !== 'skipped')
      throw new Error(`workflow: step "${name}" runs while "${of}" is ${map.status}`);
    if (map.hasValue && Array.isArray(map.value)) return itemsOf(map.value);
    // Its mark goes on, unless something has to be there.
    if (minSuccess === 0) this.#end(undefined, map.hasValue ? map.value : { $missing: map.error });
    else {
      const message = `step "${name}" expected outputs of "${of}": ${map.error.message}`;
      this.#end(stepError(name, undefined, 'TOO_FEW_SUCCEEDED', message), undefined);
    }
    return undefined;
  }

  /** What the map has kept; a person may have given something in its place, and a fork does not take it over. */
  #itemsGiven(output: unknown): ItemsState | undefined {
    if (Array.isArray(output)) return itemsOf(output);
    if (isItemsState(output)) return output;
    const { name, of } = this.#step.definition as ReduceStep;
    const message = `step "${name}" expected outputs of "${of}": got ${describe(output)}`;
    this.#end(stepError(name, undefined, 'STEP_FAILED', message), undefined);
    return undefined;
  }

  #finish(): void {
    const { name, work } = this.#plan.reduce;
    const root = this.#fold!.root;
    if (work.kind === 'aggregation') {
      const aggregation = work.aggregation as Aggregation<unknown, unknown, unknown>;
      try {
        this.#end(undefined, finishWith(aggregation, root === undefined ? aggregation.init() : root.value));
      } catch (error) {
        this.#end(errorOfThrown(name, undefined, 'the aggregation', error), undefined);
      }
    } else if (root !== undefined) {
      this.#end(undefined, root.value);
    } else {
      // Of no outputs at all only the agent knows what comes.
      perform(this.#port, {
        step: name,
        item: undefined,
        work,
        input: [],
        context: this.#port.contextOf(this.#step),
        options: this.#port.taskOptionsOf(this.#step),
        output: undefined,
        spent: this.#spent,
        done: (error, value) => this.#end(error, value),
      });
    }
  }

  #end(error: StepError | undefined, output: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#port.givePlace();
    const { index } = this.#step;
    const attempt = this.attempt;
    const spent = this.#spent.take();
    const result = workResult(error, output, spent);
    this.#port.command({ type: 'done', step: index, attempt, result });
  }

  wake(): void {}

  stop(dependents: Dependents, why: string): void {
    if (this.#isOver || this.#stopped !== undefined) return;
    this.#stopped = { dependents, why };
    this.#isOver = true;
    this.#fold?.dispose();
    this.#port.givePlace();
    const spent = this.#spent.take();
    const { index } = this.#step;
    this.#port.command({ type: 'stopped', step: index, attempt: this.attempt, dependents, why, spent });
  }

  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#fold?.dispose();
    this.#port.givePlace();
  }
}

/** What somebody has given in the place of a map's outputs. */
function itemsOf(values: readonly unknown[]): ItemsState {
  return {
    kind: 'items',
    count: values.length,
    ended: new IndexSet(values.length),
    values: new Map(values.entries()),
    failures: new Map(),
    parked: new Map(),
    votes: new Map(),
    succeeded: values.length,
    parts: new Map(),
  };
}
