import { describe } from '../contract/option-issue.ts';
import { isMissing } from '../contract/workflow.ts';
import type { AnyAggregation, ReduceStep } from '../contract/workflow-definition.ts';
import { missingSuccesses } from './min-success.ts';
import { perform } from './perform.ts';
import { SingleExecution } from './single-execution.ts';
import { errorOfThrown, stepError } from './step-error.ts';

/** A step that brings the outputs of a map together, in the order of its items. */
export class ReduceExecution extends SingleExecution {
  get #definition(): ReduceStep {
    return this.step.definition as ReduceStep;
  }

  start(): void {
    const { name, of, work, output, minSuccess } = this.#definition;
    const context = this.port.contextOf(this.step);
    const values = context[of];
    if (!Array.isArray(values)) {
      this.#withoutMap(values);
      return;
    }
    const there = values.reduce<number>((sum, value) => sum + (isMissing(value) ? 0 : 1), 0);
    const lost = missingSuccesses(
      name,
      of,
      minSuccess,
      values.length,
      there,
      (item) => !isMissing(values[item]),
    );
    if (lost !== undefined) {
      this.end(lost, undefined);
      return;
    }
    if (work.kind === 'aggregation') {
      this.#aggregate(work.aggregation, values);
      return;
    }
    this.cancel = perform(this.port, {
      step: name,
      item: undefined,
      work,
      input: values,
      context,
      options: this.port.taskOptionsOf(this.step),
      output,
      spent: this.spent,
      done: (error, value) => this.end(error, value),
    });
  }

  /** The map was not run: its mark goes on, unless something has to be there. */
  #withoutMap(value: unknown): void {
    const { name, of, minSuccess } = this.#definition;
    if (isMissing(value) && minSuccess === 0) {
      this.end(undefined, value);
      return;
    }
    const [code, got] = isMissing(value)
      ? (['TOO_FEW_SUCCEEDED', value.$missing.message] as const)
      : (['STEP_FAILED', `got ${describe(value)}`] as const);
    this.end(
      stepError(name, undefined, code, `step "${name}" expected outputs of "${of}": ${got}`),
      undefined,
    );
  }

  #aggregate(aggregation: AnyAggregation, values: readonly unknown[]): void {
    let item = 0;
    try {
      let sum = aggregation.init();
      for (; item < values.length; item++) {
        if (!isMissing(values[item])) sum = aggregation.add(sum as never, values[item] as never, item);
      }
      this.end(undefined, aggregation.finish(sum as never));
    } catch (error) {
      const what = `aggregation "${aggregation.name}"${item < values.length ? ` at item ${item}` : ''}`;
      this.end(
        errorOfThrown(this.#definition.name, item < values.length ? item : undefined, what, error),
        undefined,
      );
    }
  }
}
