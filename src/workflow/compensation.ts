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
  /** Under way, with what ends a pause before the next attempt. */
  readonly #running = new Map<number, () => void>();
  #isClosed = false;

  constructor(port: RunPort) {
    this.#port = port;
  }

  /** How many are under way. */
  get running(): number {
    return this.#running.size;
  }

  /** Begins what can begin. */
  advance(): void {
    if (this.#isClosed) return;
    const { plan, state } = this.#port;
    const left = new Set(toCompensate(plan, state));
    // Against their order, it is known of all that come after a step whether one of them is left.
    const holdBack: boolean[] = [];
    for (let at = plan.order.length - 1; at >= 0; at--) {
      if (this.#running.size >= plan.workflow.concurrency) return;
      const index = plan.order[at]!;
      const isHeld = plan.steps[index]!.neededBy.some((next) => left.has(next) || holdBack[next]);
      holdBack[index] = isHeld;
      if (isHeld || !left.has(index) || this.#running.has(index)) continue;
      this.#running.set(index, () => undefined);
      this.#undo(plan.steps[index]!, 1, new SpentSum());
    }
  }

  /** Nothing more is begun; what has begun may end. */
  close(): void {
    this.#isClosed = true;
    for (const stopTimer of [...this.#running.values()]) stopTimer();
  }

  #undo(step: PlanStep, attempt: number, spent: SpentSum): void {
    const { definition, index } = step;
    const { compensate, name } = definition;
    const now = this.#port.state.steps[index]!;
    const retry = typeof compensate === 'object' ? compensate.retry : undefined;
    const { compensation } = WORKFLOW_DEFAULTS;
    const { attempts = compensation.attempts, backoffMs = compensation.backoffMs } = retry ?? {};
    const output = now.status === 'succeeded' ? now.output : 'partial' in now ? now.partial : undefined;
    const of = { ...this.#port.contextOf(step), output };
    const done = (error: StepError | undefined): void => {
      if (error !== undefined && attempt < attempts && error.retryable) {
        spent.addRetries(1);
        if (this.#isClosed) this.#running.delete(index);
        else this.#later(step, backoffMs * 2 ** (attempt - 1), () => this.#undo(step, attempt + 1, spent));
        return;
      }
      this.#running.delete(index);
      const left = error && needsAttention(error, attempt);
      this.#port.command({ type: 'undone', step: index, error: left, spent: spent.take() });
    };
    try {
      const call = typeof compensate === 'function' ? undefined : compensate?.input;
      perform(this.#port, {
        step: name,
        item: undefined,
        work:
          typeof compensate === 'object'
            ? { kind: 'agent', agent: compensate.agent }
            : { kind: 'function', run: compensate as (input: never) => unknown },
        input: call === undefined ? of : (call as (of: unknown) => unknown)(of),
        context: of,
        options: this.#port.taskOptionsOf(step),
        output: undefined,
        spent,
        done,
      });
    } catch (error) {
      done(errorOfThrown(name, undefined, 'compensate', error));
    }
  }

  #later({ index }: PlanStep, ms: number, then: () => void): void {
    const stopTimer = this.#port.clock.schedule(ms, then);
    this.#running.set(index, () => {
      stopTimer();
      this.#running.delete(index);
    });
  }
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
