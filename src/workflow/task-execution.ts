import type { StepError } from '../contract/workflow.ts';
import type { AnyContext, LoopStep, TaskStep } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import type { WorkResult } from './decide.ts';
import type { Execution, RunPort } from './execution.ts';
import { type CancelPiece, perform } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { SpentSum } from './spent.ts';
import { errorOfThrown } from './step-error.ts';

/** A step of one piece of work. It has taken its place before. */
export class TaskExecution implements Execution {
  readonly #port: RunPort;
  readonly #step: PlanStep;
  readonly attempt: number;
  readonly #spent = new SpentSum();
  #cancel: CancelPiece | undefined;
  #stopped: { readonly dependents: Dependents; readonly why: string } | undefined;
  #isOver = false;

  constructor(port: RunPort, step: PlanStep, attempt: number) {
    this.#port = port;
    this.#step = step;
    this.attempt = attempt;
  }

  start(): void {
    const definition = this.#step.definition as TaskStep;
    const { name, output } = definition;
    const context = this.#port.contextOf(this.#step);
    const now = this.#port.state.steps[this.#step.index]!;
    let input: unknown;
    try {
      input = inputOf(definition, context, now.status === 'running' ? now.lastError : undefined);
    } catch (error) {
      this.#end({ ok: false, error: errorOfThrown(name, undefined, 'input', error), spent: undefined });
      return;
    }
    this.#cancel = perform(this.#port, {
      step: name,
      item: undefined,
      work: definition.work,
      input,
      context,
      options: this.#port.taskOptionsOf(this.#step),
      output,
      spent: this.#spent,
      done: (error, value) => {
        const spent = this.#spent.take();
        this.#end(error === undefined ? { ok: true, output: value, spent } : { ok: false, error, spent });
      },
    });
  }

  #end(result: WorkResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#port.givePlace();
    const { index } = this.#step;
    const attempt = this.attempt;
    // What has completed in spite of all counts as completed: it may have to be undone.
    if (this.#stopped !== undefined && !result.ok) {
      this.#port.command({ type: 'stopped', step: index, attempt, ...this.#stopped });
    } else {
      this.#port.command({ type: 'done', step: index, attempt, result });
    }
  }

  wake(): void {}

  stop(dependents: Dependents, why: string): void {
    if (this.#stopped !== undefined || this.#isOver) return;
    this.#stopped = { dependents, why };
    this.#cancel?.(this.#step.definition.compensate !== undefined);
  }

  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#port.givePlace();
    this.#cancel?.();
  }
}

/** What a step's work is given: what `input` makes of the context, or what there is. */
export function inputOf(
  { input, after }: TaskStep | LoopStep,
  context: AnyContext,
  lastError?: StepError,
): unknown {
  type Input = (context: AnyContext, lastError: StepError | undefined) => unknown;
  if (input !== undefined) return (input as Input)(context, lastError);
  if (after.length === 0) return context.input;
  if (after.length === 1) return context[after[0]!];
  return Object.fromEntries(after.map((name) => [name, context[name]]));
}
