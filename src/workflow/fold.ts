import type { StepError } from '../contract/workflow.ts';
import type { StepDefinition, Work } from '../contract/workflow-definition.ts';
import type { Spent } from '../contract/workflow-events.ts';
import type { AggregateWork } from './aggregate/aggregate-work.ts';
import type { Aggregation } from './aggregate/aggregation.ts';
import { Reduction, type ReduceStep as Todo, takeStep } from './aggregate/reduction.ts';
import type { RunPort } from './execution.ts';
import { AGGREGATE_AGENT, type FoldPlan, itemsOfPart } from './fold-plan.ts';
import { type CancelPiece, perform } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { SpentSum } from './spent.ts';
import type { ItemsState } from './state.ts';
import { errorOfThrown } from './step-error.ts';

/** Steps of a fold under way, above which the map starts no new items. */
const MOST_BEHIND = 64;

/** What whoever folds wants to hear. */
export interface FoldListener {
  /** Neighbors became one. */
  part(level: number, position: number, part: unknown, spent: Spent | undefined): void;
  failed(error: StepError): void;
  /** Everything that there is has become one, or nothing was there. */
  complete(): void;
}

/**
 * Brings a map's outputs together as they come, in a tree whose shape depends on the items' places alone: whoever is
 * fast, the result is the same.
 */
export class Fold {
  readonly #port: RunPort;
  readonly #plan: FoldPlan;
  readonly #step: PlanStep;
  readonly #listener: FoldListener;
  readonly #reduction: Reduction<unknown, unknown>;
  readonly #running = new Set<CancelPiece>();
  #isOver = false;

  constructor(port: RunPort, plan: FoldPlan, step: PlanStep, listener: FoldListener) {
    this.#port = port;
    this.#plan = plan;
    this.#step = step;
    this.#listener = listener;
    const { partItems, fanIn } = plan;
    this.#reduction = new Reduction({ partItems, fanIn });
  }

  /** So much is under way that outputs would pile up. */
  get isBehind(): boolean {
    return this.#running.size >= MOST_BEHIND;
  }

  /** Takes up where another one was. */
  restore({ parts, values, failures }: ItemsState, standIn: (error: StepError | undefined) => unknown): void {
    const covered = [...parts.values()].map(({ level, position }) =>
      itemsOfPart(this.#plan, level, position),
    );
    const isCovered = (item: number): boolean => covered.some(({ from, to }) => item >= from && item < to);
    // The lower ones first: a part waits for its neighbors, not for what it was made of.
    for (const { level, position, part } of [...parts.values()].sort((a, b) => a.level - b.level)) {
      this.#do(this.#reduction.resume(level, position, part));
    }
    for (const [item, value] of values) this.#do(this.#reduction.add(item, value));
    for (const [item, error] of failures) {
      if (!isCovered(item)) this.#absent(item, standIn(error));
    }
  }

  add(item: number, value: unknown): void {
    if (!this.#isOver) this.#do(this.#reduction.add(item, value));
  }

  /** The item has no output; `standIn` takes its place if it is not `undefined`. */
  skip(item: number, standIn: unknown): void {
    if (!this.#isOver) this.#absent(item, standIn);
  }

  #absent(item: number, standIn: unknown): void {
    this.#do(standIn === undefined ? this.#reduction.skip(item) : this.#reduction.add(item, standIn));
  }

  /** There are so many items. */
  end(count: number): void {
    if (this.#isOver) return;
    this.#do(this.#reduction.end(count));
    this.#check();
  }

  /** What all became; `undefined` if there was nothing. */
  get root(): { readonly value: unknown } | undefined {
    return this.#reduction.root;
  }

  #check(): void {
    if (this.#isOver || !this.#reduction.isComplete) return;
    this.#isOver = true;
    this.#listener.complete();
  }

  #do(todos: readonly Todo<unknown, unknown>[]): void {
    for (const todo of todos) {
      if (this.#isOver) return;
      this.#take(todo, 1);
    }
  }

  #take(todo: Todo<unknown, unknown>, attempt: number): void {
    const { name, work, retry } = this.#plan.reduce;
    const spent = new SpentSum();
    const done = (error: StepError | undefined, part: unknown): void => {
      if (this.#isOver) return;
      if (error?.retryable && attempt < retry.attempts) {
        this.#take(todo, attempt + 1);
        return;
      }
      if (error !== undefined) {
        this.#isOver = true;
        this.#listener.failed(error);
        return;
      }
      const { level, position } = placeOf(todo);
      this.#listener.part(level, position, part, spent.take());
      this.#do(this.#reduction.done(todo, part));
      this.#check();
    };
    if (work.kind === 'aggregation' && work.on !== 'threads') {
      let part: unknown;
      try {
        part = takeStep(work.aggregation as Aggregation<unknown, unknown, unknown>, todo);
      } catch (error) {
        done(errorOfThrown(name, indexOf(error), 'the aggregation', error), undefined);
        return;
      }
      done(undefined, part);
      return;
    }
    let isDone = false;
    let cancel: CancelPiece = () => undefined;
    const forget = (): void => cancel();
    cancel = perform(this.#port, {
      step: name,
      item: undefined,
      work: work.kind === 'aggregation' ? ON_THREADS : work,
      input: work.kind === 'aggregation' ? threadWork(work.aggregation.spec, todo) : valuesOf(todo),
      context: {},
      options: this.#port.taskOptionsOf(this.#step),
      output: undefined,
      spent,
      done: (error, part) => {
        isDone = true;
        this.#running.delete(forget);
        done(error, part);
      },
    });
    if (!isDone) this.#running.add(forget);
  }

  dispose(): void {
    this.#isOver = true;
    for (const cancel of [...this.#running]) cancel();
  }
}

const ON_THREADS: Work = { kind: 'agent', agent: AGGREGATE_AGENT };

function placeOf(todo: Todo<unknown, unknown>): { readonly level: number; readonly position: number } {
  return todo.kind === 'parts' ? { level: 0, position: todo.part } : todo.combination;
}

/** What an agent is given: outputs, or what it has made of outputs. */
function valuesOf(todo: Todo<unknown, unknown>): readonly unknown[] {
  return todo.kind === 'parts' ? todo.parts.flatMap(({ values }) => values) : todo.combination.children;
}

function threadWork(spec: unknown, todo: Todo<unknown, unknown>): AggregateWork {
  const of = { spec: spec as AggregateWork['spec'] };
  return todo.kind === 'parts'
    ? { ...of, parts: todo.parts }
    : { ...of, accumulators: todo.combination.children };
}

/** Which item an aggregation could not take. */
function indexOf(error: unknown): number | undefined {
  const { index } = error as { readonly index?: number };
  return index;
}

/** What is folded in the place of an item that has failed; `undefined`: nothing. */
export function foldStandIn({ onFailure }: StepDefinition, error: StepError | undefined): unknown {
  if (error === undefined || typeof onFailure !== 'object' || !('value' in onFailure)) return undefined;
  return onFailure.value;
}
