import type { StepError } from '../contract/workflow.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import { workResult } from './decide.ts';
import type { RunPort, StartableExecution } from './execution.ts';
import type { CancelPiece } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { SpentSum } from './spent.ts';

/** A step that is one piece of work. It has taken its place before. */
export abstract class SingleExecution implements StartableExecution {
  protected readonly port: RunPort;
  protected readonly step: PlanStep;
  readonly attempt: number;
  protected readonly spent = new SpentSum();
  protected cancel: CancelPiece | undefined;
  #stopped: { readonly dependents: Dependents; readonly why: string } | undefined;
  #isOver = false;

  constructor(port: RunPort, step: PlanStep, attempt: number) {
    this.port = port;
    this.step = step;
    this.attempt = attempt;
  }

  abstract start(): void;

  protected end(error: StepError | undefined, output: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.port.givePlace();
    const { index: step } = this.step;
    const { attempt } = this;
    const result = workResult(error, output, this.spent.take());
    // What has completed in spite of all counts as completed: it may have to be undone.
    if (this.#stopped !== undefined && !result.ok) {
      this.port.command({ type: 'stopped', step, attempt, ...this.#stopped, spent: result.spent });
    } else {
      this.port.command({ type: 'done', step, attempt, result });
    }
  }

  wake(): void {}

  stop(dependents: Dependents, why: string): void {
    if (this.#stopped !== undefined || this.#isOver) return;
    this.#stopped = { dependents, why };
    this.cancel?.(this.step.definition.compensate !== undefined);
  }

  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.port.givePlace();
    this.cancel?.();
  }
}
