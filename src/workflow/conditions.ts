import { describe } from '../contract/option-issue.ts';
import type { AnyContext } from '../contract/workflow-definition.ts';
import type { RunPort } from './execution.ts';
import { isPromise } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { errorOfThrown } from './step-error.ts';

/** Asks whether steps are to be run, and says so to the run. */
export class Conditions {
  readonly #port: RunPort;
  /** Those that have not answered. */
  readonly #asked = new Set<number>();

  constructor(port: RunPort) {
    this.#port = port;
  }

  ask(step: PlanStep): void {
    const { index, definition } = step;
    const when = definition.when as ((context: AnyContext) => boolean | Promise<boolean>) | undefined;
    if (when === undefined) {
      this.#port.command({ type: 'begin', step: index });
      return;
    }
    if (this.#asked.has(index)) return;
    try {
      const holds = when(this.#port.contextOf(step));
      if (!isPromise<boolean>(holds)) {
        this.#tell(step, holds);
        return;
      }
      this.#asked.add(index);
      holds.then(
        (settled) => {
          this.#asked.delete(index);
          this.#tell(step, settled);
        },
        (error: unknown) => {
          this.#asked.delete(index);
          this.#failed(step, error);
        },
      );
    } catch (error) {
      this.#failed(step, error);
    }
  }

  #tell(step: PlanStep, holds: unknown): void {
    if (typeof holds === 'boolean') {
      this.#port.command({ type: holds ? 'begin' : 'no-condition', step: step.index });
    } else {
      this.#failed(step, new TypeError(`expected true or false, got ${describe(holds)}`));
    }
  }

  #failed({ index, definition: { name } }: PlanStep, thrown: unknown): void {
    const error = errorOfThrown(name, undefined, 'when', thrown);
    this.#port.command({ type: 'condition-failed', step: index, error });
  }
}
