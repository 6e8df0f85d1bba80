import type { StepError } from '../contract/workflow.ts';
import { type AnyContext, type MapStep, WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import type { Execution, RunPort } from './execution.ts';
import { type Fold, foldOf, foldStandIn } from './fold.ts';
import { ItemColumns } from './item-columns.ts';
import { type ItemSource, openItems } from './item-source.ts';
import { type CancelPiece, perform } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { SpentSum } from './spent.ts';
import type { ItemsState } from './state.ts';
import { errorOfThrown, stepError } from './step-error.ts';

/**
 * A step of many items: pulls them one by one while there is room, and tells of those that have ended in columns, once a
 * turn, so that an item costs little more than its task.
 */
export class MapExecution implements Execution {
  readonly #port: RunPort;
  readonly #step: PlanStep;
  readonly #definition: MapStep;
  readonly #attempt: number;
  readonly #context: AnyContext;
  readonly #options: ReturnType<RunPort['taskOptionsOf']>;
  readonly #spent = new SpentSum();
  /** Brings outputs together as they come, where all that takes them is a reduction that allows it. */
  readonly #fold: Fold | undefined;
  #source: ItemSource | undefined;
  /** The next item to start. */
  #next = 0;
  #isPulling = false;
  #isDry = false;
  /** Under way or waiting for another try; the value ends it. */
  readonly #running = new Map<number, CancelPiece>();
  readonly #columns: ItemColumns;
  /** Items that wait for a person, with what they were. */
  readonly #parked = new Map<number, unknown>();
  #stopped: { readonly dependents: Dependents; readonly why: string } | undefined;
  #isOver = false;

  constructor(port: RunPort, step: PlanStep, attempt: number) {
    this.#port = port;
    this.#step = step;
    this.#definition = step.definition as MapStep;
    this.#attempt = attempt;
    this.#context = port.contextOf(step);
    this.#options = port.taskOptionsOf(step);
    this.#columns = new ItemColumns(port.clock, (...columns) => this.#tell(...columns));
    this.#fold = foldOf(port, step, {
      part: (level, position, part, spent) => {
        port.command({ type: 'part', step: step.index, level, position, part, spent });
        this.wake();
      },
      // The reduction meets it again when it is its turn, and says so in its own name.
      failed: () => undefined,
      complete: () => undefined,
    });
  }

  start(): void {
    const { over, name, maxItems } = this.#definition;
    try {
      const items = (over as (context: AnyContext) => unknown)(this.#context);
      this.#source = openItems(items, name, maxItems);
    } catch (error) {
      this.#fail(errorOfThrown(name, undefined, 'over', error));
      return;
    }
    const work = this.#work;
    if (work !== undefined) this.#fold?.restore(work, (error) => foldStandIn(this.#definition, error));
    if (this.#source.count !== undefined) this.#count(this.#source.count);
    this.wake();
  }

  get #work(): ItemsState | undefined {
    const now = this.#port.state.steps[this.#step.index]!;
    return now.status === 'running' && now.work?.kind === 'items' ? now.work : undefined;
  }

  wake(): void {
    const { concurrency } = this.#definition;
    while (
      !this.#isDry &&
      !this.#isPulling &&
      !this.#isOver &&
      this.#stopped === undefined &&
      this.#running.size < concurrency &&
      this.#fold?.isBehind !== true &&
      this.#port.mayStart
    ) {
      const work = this.#work;
      if (work === undefined) return;
      if (!this.#port.takePlace(this)) return;
      this.#pull(work);
    }
  }

  /** The next item that has not ended, with the place that was taken for it. */
  #pull(work: ItemsState): void {
    while (true) {
      let next: ReturnType<ItemSource['next']>;
      try {
        next = this.#source!.next();
      } catch (error) {
        this.#port.givePlace();
        this.#fail(errorOfThrown(this.#definition.name, undefined, 'over', error));
        return;
      }
      if (next instanceof Promise) {
        this.#isPulling = true;
        next.then(
          (result) => {
            this.#isPulling = false;
            if (this.#isOver || this.#stopped !== undefined) this.#port.givePlace();
            else if (this.#take(result, work)) this.wake();
            else this.#pullAgain();
          },
          (error: unknown) => {
            this.#isPulling = false;
            this.#port.givePlace();
            this.#fail(errorOfThrown(this.#definition.name, undefined, 'over', error));
          },
        );
        return;
      }
      if (this.#take(next, work)) return;
    }
  }

  #pullAgain(): void {
    const work = this.#work;
    if (work === undefined) this.#port.givePlace();
    else {
      this.#pull(work);
      this.wake();
    }
  }

  /** @returns whether the place was used, or given back */
  #take(result: IteratorResult<unknown>, work: ItemsState): boolean {
    if (result.done) {
      this.#isDry = true;
      this.#port.givePlace();
      if (work.count === undefined) this.#count(this.#next);
      return true;
    }
    const item = this.#next++;
    const { maxItems, name } = this.#definition;
    if (item >= maxItems) {
      this.#port.givePlace();
      this.#fail(tooMany(name, maxItems));
      return true;
    }
    if (work.ended.has(item)) return false;
    if (work.parked.has(item)) {
      this.#parked.set(item, result.value);
      return false;
    }
    this.#startItem(item, result.value, 1);
    return true;
  }

  #startItem(item: number, value: unknown, attempt: number): void {
    const { input, work, name, output } = this.#definition;
    let given: unknown;
    try {
      given =
        input === undefined ? value : (input as (...all: unknown[]) => unknown)(value, item, this.#context);
    } catch (error) {
      this.#end(item, value, attempt, errorOfThrown(name, item, 'input', error), undefined);
      return;
    }
    let isDone = false;
    const cancel = perform(this.#port, {
      step: name,
      item,
      work,
      input: given,
      context: this.#context,
      options: this.#options,
      output,
      spent: this.#spent,
      done: (error, made) => {
        isDone = true;
        this.#end(item, value, attempt, error, made);
      },
    });
    if (!isDone) this.#running.set(item, cancel);
  }

  #end(item: number, value: unknown, attempt: number, error: StepError | undefined, made: unknown): void {
    this.#running.delete(item);
    this.#port.givePlace();
    if (this.#isOver) return;
    if (error === undefined) {
      this.#columns.succeeded(item, made);
    } else if (this.#stopped === undefined && error.retryable && attempt < this.#definition.retry.attempts) {
      this.#again(item, value, attempt);
      return;
    } else if (this.#stopped === undefined) {
      this.#columns.failed(error);
      if (this.#definition.onFailure === 'escalate') this.#parked.set(item, value);
    }
    if (this.#stopped !== undefined) this.#whenEmpty();
    else this.wake();
  }

  #again(item: number, value: unknown, attempt: number): void {
    this.#spent.addRetries(1);
    const stopTimer = this.#port.clock.schedule(backoffMs(this.#definition, attempt), () => {
      this.#running.delete(item);
      if (this.#isOver) return;
      // One that waits for a second try goes ahead of those that have had none: no place is asked for.
      this.#port.takePlace(this);
      this.#startItem(item, value, attempt + 1);
    });
    this.#running.set(item, () => {
      stopTimer();
      this.#running.delete(item);
      this.#whenEmpty();
    });
  }

  tryAgain(item: number): void {
    const value = this.#parked.get(item);
    if (!this.#parked.delete(item) || this.#isOver) return;
    this.#port.takePlace(this);
    this.#startItem(item, value, 1);
  }

  #tell(items: number[], values: unknown[], failures: StepError[]): void {
    if (this.#isOver) return;
    const spent = this.#spent.take();
    this.#port.command({ type: 'items', step: this.#step.index, items, values, failures, spent });
    if (this.#fold === undefined) return;
    for (const [at, item] of items.entries()) this.#fold.add(item, values[at]);
    if (this.#definition.onFailure === 'escalate') return;
    for (const error of failures) this.#fold.skip(error.item!, foldStandIn(this.#definition, error));
  }

  #count(count: number): void {
    this.#columns.flush();
    this.#port.command({ type: 'counted', step: this.#step.index, count });
  }

  /** The map as a whole has failed: its items cannot be had. */
  #fail(error: StepError): void {
    this.#columns.flush();
    this.#port.command({
      type: 'done',
      step: this.#step.index,
      attempt: this.#attempt,
      result: { ok: false, error, spent: this.#spent.take() },
    });
  }

  stop(dependents: Dependents, why: string): void {
    if (this.#stopped !== undefined || this.#isOver) return;
    this.#stopped = { dependents, why };
    for (const cancel of [...this.#running.values()]) cancel();
    this.#whenEmpty();
  }

  #whenEmpty(): void {
    if (this.#stopped === undefined || this.#isOver || this.#running.size > 0) return;
    this.#columns.flush();
    const attempt = this.#attempt;
    this.#port.command({ type: 'stopped', step: this.#step.index, attempt, ...this.#stopped });
  }

  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#source?.close();
    for (const cancel of [...this.#running.values()]) cancel();
  }
}

/** Doubles with each attempt. */
export function backoffMs({ retry }: { readonly retry: MapStep['retry'] }, attempt: number): number {
  return Math.min(WORKFLOW_DEFAULTS.retry.maxBackoffMs, retry.backoffMs * 2 ** (attempt - 1));
}

export function tooMany(step: string, maxItems: number): StepError {
  const message = `step "${step}" has more than ${maxItems} items, which is its maxItems`;
  return {
    ...stepError(step, undefined, 'WORKFLOW_LIMIT', message),
    suggestion: 'chunk the input, or raise maxItems of the map',
  };
}
