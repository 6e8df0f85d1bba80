import type { StepError } from '../contract/workflow.ts';
import type { AnyContext, MapStep } from '../contract/workflow-definition.ts';
import type { Dependents } from '../contract/workflow-run.ts';
import { backoffMs } from './backoff.ts';
import type { Execution, RunPort } from './execution.ts';
import { type ItemReport, ItemReports, MOST_AT_ONCE } from './item-reports.ts';
import { type ItemSource, openItems, tooMany } from './item-source.ts';
import { type MapFold, mapFoldOf } from './map-fold.ts';
import { MapItem, type MapOf, mapOf } from './map-item.ts';
import { OpenItems } from './open-items.ts';
import { isPromise, perform } from './perform.ts';
import type { PlanStep } from './plan.ts';
import type { ItemsState } from './state.ts';
import { errorOfThrown } from './step-error.ts';

/** A step of many items. It tells of ends in columns, once a turn: an item costs little more than its task. */
export class MapExecution implements Execution {
  readonly #port: RunPort;
  readonly #step: PlanStep;
  readonly #definition: MapStep;
  readonly attempt: number;
  readonly #context: AnyContext;
  readonly #of: MapOf;
  readonly #reports: ItemReports;
  /** Brings outputs together as they come, where all that takes them is a reduction that allows it. */
  readonly #fold: MapFold | undefined;
  #source: ItemSource | undefined;
  /** No item had ended, or was parked, when it began: none has to be looked up. */
  #isFresh = false;
  /** The next item to start. */
  #next = 0;
  /** A place is kept for what the source gives. */
  #isPulling = false;
  #isDry = false;
  /** So many of the next items may have runs of their own that were left: to be stopped, they have to be there. */
  #left: number;
  #isWaking = false;
  readonly #open: OpenItems;
  /** Of these, those that have a place. */
  #inside = 0;
  /** Items that wait for a person, with what they were. */
  readonly #parked = new Map<number, unknown>();
  #stopped: { readonly dependents: Dependents; readonly why: string } | undefined;
  #isOver = false;

  constructor(port: RunPort, step: PlanStep, attempt: number, isLeft: boolean) {
    this.#port = port;
    this.#step = step;
    this.#definition = step.definition as MapStep;
    this.#left = isLeft ? this.#definition.concurrency : 0;
    this.attempt = attempt;
    this.#context = port.contextOf(step);
    this.#of = mapOf(port, step, (...end) => this.#ended(...end));
    this.#reports = new ItemReports(this.#definition, port.clock, (report) => this.#tell(report));
    this.#open = new OpenItems(port, () => this.wake());
    this.#fold = mapFoldOf(port, step, () => this.wake());
  }

  start(): void {
    const { over, name, maxItems } = this.#definition;
    try {
      this.#source = openItems((over as (context: AnyContext) => unknown)(this.#context), name, maxItems);
    } catch (error) {
      this.#fail(errorOfThrown(name, undefined, 'over', error));
      return;
    }
    const work = this.#work;
    this.#fold?.restore(work);
    this.#isFresh = work?.ended.size === 0 && work.parked.size === 0;
    if (this.#source.count !== undefined) this.#count(this.#source.count);
    this.wake();
  }

  get #work(): ItemsState | undefined {
    const now = this.#port.state.steps[this.#step.index]!;
    return now.status === 'running' && now.work?.kind === 'items' ? now.work : undefined;
  }

  get hasUntold(): boolean {
    return !this.#reports.isEmpty;
  }

  /** Begins what may begin; or, if it is to stop, says so once nothing is open. */
  wake(): void {
    this.#beginMore();
    if (this.#stopped === undefined || this.#open.size > 0 || this.#mayHaveLeft) return;
    this.#reports.flush();
    if (this.#isOver) return;
    const of = { step: this.#step.index, attempt: this.attempt, spent: this.#of.spent.take() };
    this.#port.command({ type: 'stopped', ...this.#stopped, ...of });
  }

  #beginMore(): void {
    // An item whose work ends at once asks for the next one from within: the loop below goes on to it.
    if (this.#isWaking) return;
    this.#isWaking = true;
    try {
      for (let begun = 0; this.#hasMore; begun++) {
        if (begun === MOST_AT_ONCE) {
          this.#port.clock.defer(() => this.wake());
          return;
        }
        const work = this.#work;
        if (work === undefined || !this.#port.takePlace(this)) return;
        const due = this.#open.takeDue();
        if (due === undefined) this.#pull(work);
        else this.#begin(due);
      }
    } finally {
      this.#isWaking = false;
    }
  }

  get #hasMore(): boolean {
    // It may be woken before it is begun.
    if (this.#source === undefined || this.#isOver) return false;
    if (this.#stopped !== undefined) return this.#mayHaveLeft && !this.#isPulling;
    if (this.#fold?.isBehind || !this.#port.mayStart) return false;
    if (this.#open.hasDue) return this.#inside < this.#definition.concurrency;
    return !this.#isDry && !this.#isPulling && this.#open.size < this.#definition.concurrency;
  }

  get #mayHaveLeft(): boolean {
    return this.#left > 0 && !this.#isDry;
  }

  /** The next item that has not ended, with the place that was taken for it. */
  #pull(work: ItemsState): void {
    while (true) {
      let next: ReturnType<ItemSource['next']>;
      try {
        next = this.#source!.next();
      } catch (error) {
        this.#lost(error);
        return;
      }
      if (isPromise<IteratorResult<unknown>>(next)) {
        this.#isPulling = true;
        next.then(
          (result) => this.#pulled(() => this.#take(result, work) || this.#pull(work)),
          (error: unknown) => this.#pulled(() => this.#lost(error)),
        );
        return;
      }
      if (this.#take(next, work)) return;
    }
  }

  #lost(error: unknown): void {
    this.#port.givePlace();
    this.#fail(errorOfThrown(this.#definition.name, undefined, 'over', error));
  }

  #pulled(goOn: () => void): void {
    // Its place was given back when the step ended.
    if (!this.#isPulling) return;
    this.#isPulling = false;
    const isOfUse = this.#stopped === undefined || this.#mayHaveLeft;
    if (isOfUse && this.#work !== undefined) goOn();
    else this.#port.givePlace();
    this.wake();
  }

  /** @returns whether the place was used, or given back */
  #take(result: IteratorResult<unknown>, work: ItemsState): boolean {
    if (result.done) {
      this.#isDry = true;
      this.#port.givePlace();
      if (this.#source?.count === undefined) this.#count(this.#next);
      return true;
    }
    const item = this.#next++;
    if (item >= this.#definition.maxItems) {
      this.#port.givePlace();
      this.#fail(tooMany(this.#definition));
      return true;
    }
    if (!this.#isFresh && work.ended.has(item)) return false;
    if (!this.#isFresh && work.parked.has(item)) {
      this.#parked.set(item, result.value);
      return false;
    }
    const begun = new MapItem(this.#of, item, result.value, 1);
    if (this.#left > 0) this.#left--;
    this.#open.add(begun);
    this.#begin(begun);
    if (this.#stopped !== undefined) begun.cancel?.();
    return true;
  }

  #begin(begun: MapItem): void {
    const { item, value } = begun;
    const { input, work, name, output } = this.#definition;
    this.#inside++;
    begun.cancel = undefined;
    begun.isHeld = false;
    try {
      if (input !== undefined)
        begun.input = (input as (...all: unknown[]) => unknown)(value, item, this.#context);
    } catch (error) {
      this.#ended(begun, errorOfThrown(name, item, 'input', error), undefined);
      return;
    }
    if (this.#of.target !== undefined) {
      this.#port.sender.send(begun);
      return;
    }
    begun.cancel = perform(this.#port, {
      step: name,
      item,
      work,
      output,
      input: begun.input,
      context: this.#context,
      options: this.#of.options,
      spent: this.#of.spent,
      isKept: this.#stopped !== undefined,
      done: (error, made) => this.#ended(begun, error, made),
    });
  }

  #ended(begun: MapItem, error: StepError | undefined, made: unknown): void {
    const { item, value, attempt } = begun;
    this.#open.remove(begun);
    this.#inside--;
    this.#port.givePlace();
    if (this.#isOver) return;
    const { retry } = this.#definition;
    if (error === undefined) {
      this.#reports.succeeded(item, made);
    } else if (this.#stopped === undefined) {
      if (error.retryable && attempt < retry.attempts && !begun.isUnwanted) {
        this.#of.spent.addRetries(1);
        const next = new MapItem(this.#of, item, value, attempt + 1);
        this.#open.addLater(next, backoffMs(retry, attempt), () => this.wake());
        this.wake();
        return;
      }
      this.#failed(error, value);
    }
    this.wake();
  }

  #failed(error: StepError, value: unknown): void {
    this.#reports.failed(error);
    if (this.#definition.onFailure === 'escalate') this.#parked.set(error.item!, value);
  }

  tryAgain(item: number): void {
    const value = this.#parked.get(item);
    if (!this.#parked.delete(item) || this.#isOver || this.#stopped !== undefined) return;
    this.#open.addDue(new MapItem(this.#of, item, value, 1), () => this.wake());
  }

  cancelItems(items: ReadonlySet<number>): number {
    const isGentle = this.#definition.compensate !== undefined;
    return this.#open.cancelThese(items, isGentle, (error, value) => this.#failed(error, value));
  }

  #tell(report: ItemReport): void {
    if (this.#isOver) return;
    this.#port.command({ type: 'items', step: this.#step.index, report, spent: this.#of.spent.take() });
    this.#fold?.take(report);
  }

  #count(count: number): void {
    if (this.#work?.count !== undefined) return;
    this.#reports.flush();
    this.#port.command({ type: 'counted', step: this.#step.index, count });
  }

  /** The map as a whole has failed: its items cannot be had. */
  #fail(error: StepError): void {
    this.#isDry = true;
    this.#reports.flush();
    const result = { ok: false, error, spent: this.#of.spent.take() } as const;
    this.#port.command({ type: 'done', step: this.#step.index, attempt: this.attempt, result });
  }

  stop(dependents: Dependents, why: string): void {
    if (this.#isOver) return;
    if (this.#stopped === undefined) {
      this.#stopped = { dependents, why };
      this.#open.cancelAll(this.#definition.compensate !== undefined);
    }
    this.wake();
  }

  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // What the source was asked for may never come.
    if (this.#isPulling) this.#port.givePlace();
    this.#isPulling = false;
    this.#source?.close();
    this.#source = undefined;
    this.#fold?.dispose();
    this.#open.cancelAll(false);
  }
}
