import { describe } from '../contract/option-issue.ts';
import type { AnyContext } from '../contract/workflow-definition.ts';
import type { RunPort } from './execution.ts';
import { isPromise } from './perform.ts';
import type { PlanStep } from './plan.ts';
import type { StepState } from './state.ts';
import { errorOfThrown } from './step-error.ts';

/** A condition that was asked and answers later, or has answered that the step is to be run. */
interface Asked {
  /** What it was asked about: its answer is of no use once one of these has changed. */
  readonly needs: readonly StepState[];
  holds: boolean;
}

/** Asks whether steps are to be run, and says so to the run. */
export class Conditions {
  readonly #port: RunPort;
  readonly #again: (step: number) => void;
  readonly #asked = new Map<number, Asked>();

  /** @param again a step may begin, whose condition took its time: it has to wait for its place once more */
  constructor(port: RunPort, again: (step: number) => void) {
    this.#port = port;
    this.#again = again;
  }

  ask(step: PlanStep): void {
    const { index, definition } = step;
    const when = definition.when as ((context: AnyContext) => boolean | Promise<boolean>) | undefined;
    if (when === undefined) {
      this.#port.command({ type: 'begin', step: index });
      return;
    }
    const known = this.#asked.get(index);
    if (known !== undefined && this.#isOfUse(step, known)) {
      if (!known.holds) return;
      this.#asked.delete(index);
      this.#port.command({ type: 'begin', step: index });
      return;
    }
    try {
      const holds = when(this.#port.contextOf(step));
      if (isPromise<boolean>(holds)) this.#wait(step, holds);
      else this.#tell(step, holds);
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

  #wait(step: PlanStep, holds: Promise<boolean>): void {
    const { index } = step;
    const asked: Asked = { needs: this.#needsOf(step), holds: false };
    this.#asked.set(index, asked);
    const isWanted = (): boolean => this.#asked.get(index) === asked && this.#isOfUse(step, asked);
    holds.then(
      (settled) => {
        if (!isWanted()) return;
        if (settled === true) {
          asked.holds = true;
          this.#again(index);
        } else {
          this.#asked.delete(index);
          this.#tell(step, settled);
        }
      },
      (error: unknown) => {
        if (!isWanted()) return;
        this.#asked.delete(index);
        this.#failed(step, error);
      },
    );
  }

  #needsOf({ needs }: PlanStep): readonly StepState[] {
    return needs.map((need) => this.#port.state.steps[need]!);
  }

  #isOfUse(step: PlanStep, { needs }: Asked): boolean {
    return this.#needsOf(step).every((now, at) => now === needs[at]);
  }

  #failed({ index, definition: { name } }: PlanStep, thrown: unknown): void {
    const error = errorOfThrown(name, undefined, 'when', thrown);
    this.#port.command({ type: 'condition-failed', step: index, error });
  }
}
