import { describe } from '../contract/option-issue.ts';
import type { StepError } from '../contract/workflow.ts';
import type { AnyContext, LoopStep } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import { workResult } from './decide.ts';
import type { Execution, RunPort } from './execution.ts';
import { type CancelPiece, perform } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { SpentSum } from './spent.ts';
import { errorOfThrown, stepError } from './step-error.ts';
import { inputOf } from './task-execution.ts';

/** A step whose work is repeated until its condition holds. Between two turns a pause or a stop takes effect. */
export class LoopExecution implements Execution {
  readonly #port: RunPort;
  readonly #step: PlanStep;
  readonly #definition: LoopStep;
  readonly attempt: number;
  readonly #context: AnyContext;
  readonly #spent = new SpentSum();
  #cancel: CancelPiece | undefined;
  /** The last turn that was begun: what came of it may not be kept yet. */
  #begun = -1;
  #isBusy = false;
  /** Its turn may be a run of its own that was left: to be stopped, it has to be there. */
  #isLeft: boolean;
  #stopped: { readonly dependents: Dependents; readonly why: string } | undefined;
  #isOver = false;

  constructor(port: RunPort, step: PlanStep, attempt: number, isLeft: boolean) {
    this.#port = port;
    this.#step = step;
    this.#definition = step.definition as LoopStep;
    this.#isLeft = isLeft;
    this.attempt = attempt;
    this.#context = port.contextOf(step);
  }

  start(): void {
    this.wake();
  }

  wake(): void {
    if (this.#isBusy || this.#isOver) return;
    if (this.#stopped === undefined ? !this.#port.mayStart : !this.#isLeft) return;
    const now = this.#port.state.steps[this.#step.index]!;
    if (now.status !== 'running' || now.work?.kind !== 'turns') return;
    const { turns, output } = now.work;
    if (turns <= this.#begun) return;
    const { name, until, max, work } = this.#definition;
    let input: unknown;
    try {
      if (turns > 0) {
        const isDone = (until as (turn: unknown) => unknown)({ ...this.#context, output, turn: turns });
        if (typeof isDone !== 'boolean') {
          throw new TypeError(`expected true or false, got ${describe(isDone)}`);
        }
        if (isDone) {
          this.#end(undefined, output);
          return;
        }
        if (turns >= max) {
          const message = `step "${name}" has made ${turns} turns, which is its max, and its condition does not hold`;
          const error = stepError(name, undefined, 'WORKFLOW_LIMIT', message);
          this.#end({ ...error, suggestion: 'raise max of the loop, or let it come to an end' }, undefined);
          return;
        }
      }
      input = turns > 0 ? output : inputOf(this.#definition, this.#context);
    } catch (error) {
      this.#end(errorOfThrown(name, turns, turns > 0 ? 'until' : 'input', error), undefined);
      return;
    }
    if (!this.#port.takePlace(this)) return;
    this.#isBusy = true;
    this.#isLeft = false;
    this.#begun = turns;
    this.#cancel = perform(this.#port, {
      step: name,
      item: turns,
      work,
      input,
      context: this.#context,
      options: this.#port.taskOptionsOf(this.#step),
      output: this.#definition.output,
      spent: this.#spent,
      isKept: this.#stopped !== undefined,
      done: (error, value) => this.#turned(error, value),
    });
    if (this.#stopped !== undefined) this.#cancel();
  }

  #turned(error: StepError | undefined, output: unknown): void {
    this.#isBusy = false;
    this.#port.givePlace();
    if (this.#isOver) return;
    if (this.#stopped !== undefined) {
      this.#tellStopped();
    } else if (error === undefined) {
      // The run lets it go on once the turn is kept.
      this.#port.command({ type: 'turn', step: this.#step.index, output, spent: this.#spent.take() });
    } else {
      this.#end(error, undefined);
    }
  }

  #end(error: StepError | undefined, output: unknown): void {
    const spent = this.#spent.take();
    const result = workResult(error, output, spent);
    this.#port.command({ type: 'done', step: this.#step.index, attempt: this.attempt, result });
  }

  #tellStopped(): void {
    if (this.#stopped === undefined) return;
    const spent = this.#spent.take();
    const { index } = this.#step;
    this.#port.command({ type: 'stopped', step: index, attempt: this.attempt, ...this.#stopped, spent });
  }

  stop(dependents: Dependents, why: string): void {
    if (this.#isOver) return;
    const isNew = this.#stopped === undefined;
    this.#stopped ??= { dependents, why };
    if (isNew && this.#isBusy) this.#cancel?.(this.#definition.compensate !== undefined);
    this.wake();
    if (!this.#isBusy && !this.#isLeft) this.#tellStopped();
  }

  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isBusy) this.#cancel?.();
  }
}
