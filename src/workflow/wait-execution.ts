import { describe } from '../contract/option-issue.ts';
import type { AnyContext, WaitStep } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import type { Execution, RunPort } from './execution.ts';
import type { PlanStep } from './plan.ts';
import { errorOfThrown, stepError } from './step-error.ts';

/** A step that runs nothing: it ends when its time has come, or when somebody says so. */
export class WaitExecution implements Execution {
  readonly #port: RunPort;
  readonly #step: PlanStep;
  readonly #definition: WaitStep;
  readonly attempt: number;
  #stopTimer: (() => void) | undefined;
  #isOver = false;

  constructor(port: RunPort, step: PlanStep, attempt: number) {
    this.#port = port;
    this.#step = step;
    this.#definition = step.definition as WaitStep;
    this.attempt = attempt;
  }

  start(): void {
    const { on, name } = this.#definition;
    try {
      const context = this.#port.contextOf(this.#step);
      if (on.kind === 'approval') {
        const ask =
          typeof on.ask === 'function' ? (on.ask as (context: AnyContext) => string)(context) : on.ask;
        if (typeof ask !== 'string') throw new TypeError(`expected a text, got ${describe(ask)}`);
        this.#port.command({ type: 'ask', step: this.#step.index, ask });
        return;
      }
      const ms =
        on.kind === 'signal'
          ? on.timeoutMs
          : typeof on.ms === 'function'
            ? (on.ms as (context: AnyContext) => number)(context)
            : on.ms;
      if (ms !== undefined) this.#setTimer(ms);
    } catch (error) {
      this.#fail(errorOfThrown(name, undefined, on.kind === 'approval' ? 'approval' : 'ms', error));
      return;
    }
    this.wake();
  }

  #setTimer(ms: number): void {
    const now = this.#port.state.steps[this.#step.index]!;
    if (now.status !== 'running' || now.work?.kind !== 'timer') return;
    if (typeof ms !== 'number' || !(ms >= 0))
      throw new RangeError(`expected a number of milliseconds, got ${ms}`);
    // After a restart the time that was set counts, not the time that is left of a new one.
    const dueAtMs = now.work.dueAtMs ?? this.#port.wallNow() + ms;
    if (now.work.dueAtMs === undefined)
      this.#port.command({ type: 'timer', step: this.#step.index, dueAtMs });
    this.#arm(dueAtMs);
  }

  /** Timers take no more than 2^31 ms at a time. */
  #arm(dueAtMs: number): void {
    const restMs = dueAtMs - this.#port.wallNow();
    const stepMs = Math.min(Math.max(0, restMs), 2_147_483_647);
    this.#stopTimer = this.#port.clock.schedule(stepMs, () => {
      if (this.#port.wallNow() < dueAtMs - 0.5) this.#arm(dueAtMs);
      else this.#due();
    });
  }

  #due(): void {
    const { on, name } = this.#definition;
    if (on.kind === 'timer') {
      this.#end({ ok: true, output: undefined, spent: undefined });
      return;
    }
    const what = on.kind === 'signal' ? `the signal "${on.signal}" did not come in time` : 'nobody answered';
    this.#fail(stepError(name, undefined, 'TIMEOUT', `step "${name}": ${what}`));
  }

  wake(): void {
    const { on } = this.#definition;
    if (this.#isOver || on.kind !== 'signal') return;
    const queue = this.#port.state.signals.get(on.signal);
    if (queue === undefined) return;
    // Another step may take it first: then this one goes on waiting.
    const result = { ok: true, output: queue[0], spent: undefined } as const;
    this.#port.command({ type: 'done', step: this.#step.index, attempt: this.attempt, result });
  }

  #fail(error: ReturnType<typeof stepError>): void {
    this.#end({ ok: false, error, spent: undefined });
  }

  #end(result: Extract<Parameters<RunPort['command']>[0], { readonly type: 'done' }>['result']): void {
    if (this.#isOver) return;
    this.dispose();
    this.#port.command({ type: 'done', step: this.#step.index, attempt: this.attempt, result });
  }

  stop(dependents: Dependents, why: string): void {
    if (this.#isOver) return;
    this.dispose();
    this.#port.command({ type: 'stopped', step: this.#step.index, attempt: this.attempt, dependents, why });
  }

  dispose(): void {
    this.#isOver = true;
    this.#stopTimer?.();
  }
}
