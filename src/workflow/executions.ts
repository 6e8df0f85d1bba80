import type { ReduceStep } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import type { Execution, KeptClasses, RunPort, StartableExecution } from './execution.ts';
import { FoldedReduceExecution } from './folded-reduce-execution.ts';
import { LoopExecution } from './loop-execution.ts';
import { MapExecution } from './map-execution.ts';
import type { PlanStep } from './plan.ts';
import { ReduceExecution } from './reduce-execution.ts';
import { worksByRuns } from './reopening.ts';
import { TaskExecution } from './task-execution.ts';
import { WaitExecution } from './wait-execution.ts';

/** What is under way in a run, and the places that it takes. */
export class Executions {
  readonly #port: RunPort;
  readonly #kept: KeptClasses;
  readonly #most: number;
  readonly #byStep = new Map<number, Execution>();
  /** Their start is being kept. */
  readonly #toStart: StartableExecution[] = [];
  /** Of these, those whose nested runs were under way before: to be stopped, they have to be there. */
  readonly #toGoOn = new Set<number>();
  /** Could go on where they could not. */
  readonly #hungry = new Set<Execution>();
  #taken = 0;

  constructor(port: RunPort, kept: KeptClasses) {
    this.#port = port;
    this.#kept = kept;
    this.#most = port.plan.workflow.concurrency;
  }

  get hasPlace(): boolean {
    return this.#taken < this.#most;
  }

  get hasHungry(): boolean {
    return this.#hungry.size > 0;
  }

  /** Tasks, items, turns and functions that are under way. */
  get running(): number {
    return this.#taken;
  }

  /** Whether one has not begun, or has something to tell. */
  get areBusy(): boolean {
    if (this.#toStart.length > 0) return true;
    for (const execution of this.#byStep.values()) if (execution.hasUntold) return true;
    return false;
  }

  get(step: number): Execution | undefined {
    return this.#byStep.get(step);
  }

  add(step: PlanStep, attempt: number): void {
    this.#add(step, attempt, false);
  }

  #add(step: PlanStep, attempt: number, isLeft: boolean): void {
    const execution = this.#make(step, attempt, isLeft);
    this.#byStep.set(step.index, execution);
    this.#toStart.push(execution);
  }

  /** Maps, loops, waits and nested runs go on where they were. */
  restart(): void {
    const { plan, state } = this.#port;
    for (const step of plan.steps) {
      const now = state.steps[step.index]!;
      if (now.status !== 'running' || this.#byStep.has(step.index)) continue;
      const isLeft = worksByRuns(step);
      this.#add(step, now.attempt, isLeft);
      if (isLeft) this.#toGoOn.add(step.index);
    }
  }

  /** The step has ended. */
  remove(step: number): void {
    const execution = this.#byStep.get(step);
    if (execution === undefined) return;
    this.#byStep.delete(step);
    this.#kept.set(this.#port.plan.steps[step]!.definition.kind, execution);
    this.#hungry.delete(execution);
    const at = this.#toStart.indexOf(execution as StartableExecution);
    if (at >= 0) this.#toStart.splice(at, 1);
    execution.dispose();
  }

  /** Starts those that were added, and lets those go on that could not. */
  advance(): void {
    for (const execution of [...this.#hungry]) {
      this.#hungry.delete(execution);
      execution.wake();
    }
    this.startAdded();
  }

  /** That they have started is kept: they do, whatever came between. */
  startAdded(): void {
    this.#toGoOn.clear();
    for (const execution of this.#toStart.splice(0)) execution.start();
  }

  /** Goes on in a later turn: a function that returns at once would keep everything else waiting. */
  wakeLater(step: number, work: () => void): void {
    this.#port.clock.defer(() => {
      const execution = this.#byStep.get(step);
      if (execution !== undefined) this.#hungry.add(execution);
      work();
    });
  }

  /** Something has changed that some may have waited for. */
  stir(): void {
    for (const execution of this.#byStep.values()) this.#hungry.add(execution);
  }

  stopAll(dependents: Dependents, why: string): void {
    for (const step of [...this.#byStep.keys()]) this.stop(step, dependents, why);
  }

  stop(step: number, dependents: Dependents, why: string): void {
    const execution = this.#byStep.get(step)!;
    const at = this.#toStart.indexOf(execution as StartableExecution);
    if (at < 0) {
      execution.stop(dependents, why);
      return;
    }
    const [added] = this.#toStart.splice(at, 1);
    if (this.#toGoOn.delete(step)) {
      added!.start();
      execution.stop(dependents, why);
      return;
    }
    const { attempt } = execution;
    this.#port.command({ type: 'stopped', step, attempt, dependents, why });
  }

  disposeAll(): void {
    for (const execution of this.#byStep.values()) execution.dispose();
    this.#byStep.clear();
  }

  takePlace(who: Execution): boolean {
    if (this.#taken >= this.#most) {
      this.#hungry.add(who);
      return false;
    }
    this.#taken++;
    return true;
  }

  givePlace(): void {
    this.#taken--;
  }

  #reduction(step: PlanStep, attempt: number): StartableExecution {
    const { folds, indexOf } = this.#port.plan;
    const fold = folds.get(indexOf.get((step.definition as ReduceStep).of)!);
    return fold === undefined
      ? new ReduceExecution(this.#port, step, attempt)
      : new FoldedReduceExecution(this.#port, step, attempt, fold);
  }

  /** @param isLeft whether nested runs of it may have been under way when it was left */
  #make(step: PlanStep, attempt: number, isLeft: boolean): StartableExecution {
    switch (step.definition.kind) {
      case 'task':
        this.#taken++;
        return new TaskExecution(this.#port, step, attempt);
      case 'reduce':
        this.#taken++;
        return this.#reduction(step, attempt);
      case 'map':
        return new MapExecution(this.#port, step, attempt, isLeft);
      case 'loop':
        return new LoopExecution(this.#port, step, attempt, isLeft);
      case 'wait':
        return new WaitExecution(this.#port, step, attempt);
    }
  }
}
