import type { MapStep } from '../contract/workflow-definition.ts';
import type { RunPort } from './execution.ts';
import { Fold, foldStandIn } from './fold.ts';
import type { ItemReport } from './item-reports.ts';
import type { PlanStep } from './plan.ts';
import type { ItemsState } from './state.ts';

/** Folds the outputs of a map while it runs. */
export class MapFold {
  readonly #definition: MapStep;
  readonly #fold: Fold;

  constructor(definition: MapStep, fold: Fold) {
    this.#definition = definition;
    this.#fold = fold;
  }

  /** Outputs would pile up: no more are wanted for now. */
  get isBehind(): boolean {
    return this.#fold.isBehind;
  }

  restore(items: ItemsState | undefined): void {
    if (items !== undefined) this.#fold.restore(items, (error) => foldStandIn(this.#definition, error));
  }

  take({ items, values, failures }: ItemReport): void {
    for (const [at, item] of items.entries()) this.#fold.add(item, values[at]);
    // Those are parked: somebody may still give a value.
    if (this.#definition.onFailure === 'escalate') return;
    for (const error of failures) this.#fold.skip(error.item!, foldStandIn(this.#definition, error));
  }

  dispose(): void {
    this.#fold.dispose();
  }
}

/** The fold of a map that has one. `wake`: a part has been made, the map may go on. */
export function mapFoldOf(port: RunPort, step: PlanStep, wake: () => void): MapFold | undefined {
  const plan = port.plan.folds.get(step.index);
  if (plan === undefined) return undefined;
  const fold = new Fold(port, plan, step, {
    part(level, position, part, spent) {
      port.command({ type: 'part', step: step.index, level, position, part, spent });
      wake();
    },
    // The reduction meets it again when it is its turn, and says so in its own name.
    failed: () => undefined,
    complete: () => undefined,
  });
  return new MapFold(step.definition as MapStep, fold);
}
