import type { StepError } from '../contract/workflow.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { RunPort } from './execution.ts';
import { perform } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { toCompensate } from './react.ts';
import { SpentSum } from './spent.ts';
import { errorOfThrown } from './step-error.ts';

/**
 * Undoes completed steps, a step after all that came after it and were completed too. Those that do not depend on each
 * other are undone side by side. What cannot be undone is told, and the others are undone all the same.
 */
export class Compensation {
  readonly #port: RunPort;
  readonly #running = new Set<number>();

  constructor(port: RunPort) {
    this.#port = port;
  }

  /** Begins what can begin. */
  advance(): void {
    const { plan, state } = this.#port;
    const left = new Set(toCompensate(plan, state));
    for (const index of left) {
      if (this.#running.has(index) || comesAfter(plan.steps, index, left)) continue;
      this.#running.add(index);
      this.#undo(plan.steps[index]!, 1);
    }
  }

  #undo(step: PlanStep, attempt: number): void {
    const { definition, index } = step;
    const { compensate, name } = definition;
    const now = this.#port.state.steps[index]!;
    if (compensate === undefined || now.status !== 'succeeded') return;
    const retry = typeof compensate === 'object' ? compensate.retry : undefined;
    const attempts = retry?.attempts ?? WORKFLOW_DEFAULTS.compensation.attempts;
    const backoffMs = retry?.backoffMs ?? WORKFLOW_DEFAULTS.compensation.backoffMs;
    const of = { ...this.#port.contextOf(step), output: now.output };
    const done = (error: StepError | undefined): void => {
      if (error !== undefined && attempt < attempts && error.retryable) {
        this.#port.clock.schedule(backoffMs * 2 ** (attempt - 1), () => this.#undo(step, attempt + 1));
        return;
      }
      this.#running.delete(index);
      this.#port.command({ type: 'undone', step: index, error: error && needsAttention(error, attempt) });
    };
    try {
      const call = typeof compensate === 'function' ? compensate : compensate.input;
      perform(this.#port, {
        step: name,
        item: undefined,
        work:
          typeof compensate === 'function'
            ? { kind: 'function', run: compensate as (input: never) => unknown }
            : { kind: 'agent', agent: compensate.agent },
        input:
          typeof compensate === 'function' || call === undefined
            ? of
            : (call as (of: unknown) => unknown)(of),
        context: of,
        options: this.#port.taskOptionsOf(step),
        output: undefined,
        spent: new SpentSum(),
        done,
      });
    } catch (error) {
      done(errorOfThrown(name, undefined, 'compensate', error));
    }
  }
}

/** Whether one of those that are left needs this one, directly or not. */
function comesAfter(steps: readonly PlanStep[], index: number, left: ReadonlySet<number>): boolean {
  const seen = new Set([index]);
  const queue = [index];
  for (let at = 0; at < queue.length; at++) {
    for (const next of steps[queue[at]!]!.neededBy) {
      if (seen.has(next)) continue;
      if (left.has(next)) return true;
      seen.add(next);
      queue.push(next);
    }
  }
  return false;
}

function needsAttention(error: StepError, attempts: number): StepError {
  return {
    ...error,
    code: 'NOT_COMPENSATED',
    message: `step "${error.step}" could not be undone in ${attempts} attempts: ${error.message}`,
    suggestion: 'undo it by hand: what it did is still there',
    retryable: false,
  };
}
