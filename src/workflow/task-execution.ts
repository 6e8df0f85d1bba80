import type { StepError } from '../contract/workflow.ts';
import type { AnyContext, LoopStep, TaskStep } from '../contract/workflow-definition.ts';
import { perform } from './perform.ts';
import { SingleExecution } from './single-execution.ts';
import { errorOfThrown } from './step-error.ts';

/** A task. */
export class TaskExecution extends SingleExecution {
  start(): void {
    const definition = this.step.definition as TaskStep;
    const { name, output } = definition;
    const context = this.port.contextOf(this.step);
    const now = this.port.state.steps[this.step.index]!;
    let input: unknown;
    try {
      input = inputOf(definition, context, now.status === 'running' ? now.lastError : undefined);
    } catch (error) {
      this.end(errorOfThrown(name, undefined, 'input', error), undefined);
      return;
    }
    this.cancel = perform(this.port, {
      step: name,
      item: undefined,
      work: definition.work,
      input,
      context,
      options: this.port.taskOptionsOf(this.step),
      output,
      spent: this.spent,
      done: (error, value) => this.end(error, value),
    });
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
