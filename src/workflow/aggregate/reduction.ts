import type { Aggregation } from './aggregation.ts';
import { AGGREGATE_DEFAULTS } from './defaults.ts';
import { checkAggregate } from './options.ts';
import { aggregateParts, combineAll, finishWith, type Part } from './part.ts';
import { type Combination, ReduceTree } from './reduce-tree.ts';

export interface ReductionOptions {
  /** Items that are aggregated in one go. Default 64. */
  readonly partItems?: number;
  /** Accumulators that are combined in one go, at least 2. Default 8. */
  readonly fanIn?: number;
}

/** One step of a reduction: makes one accumulator of values or of accumulators. May run anywhere. */
export type ReduceStep<I, A> =
  | { readonly kind: 'parts'; readonly part: number; readonly parts: readonly Part<I>[] }
  | { readonly kind: 'combine'; readonly combination: Combination<A> };

/** A part that not all values of have come. */
interface OpenPart<I> {
  /** By their place in the part. */
  readonly values: Map<number, I>;
  skipped: Set<number>;
}

/**
 * Plans how results that come in any order are brought together: says which steps can be taken as results come, and
 * executes none of them. Which values are combined with which depends on their indexes alone, so the result never
 * depends on timing, not even in the last bit of a float. Holds the values of parts that are not complete, and what
 * `ReduceTree` holds.
 */
export class Reduction<I, A> {
  readonly #tree: ReduceTree<A>;
  readonly #partItems: number;
  readonly #open = new Map<number, OpenPart<I>>();
  #count: number | undefined;
  #gaps = 0;

  constructor(options: ReductionOptions = {}) {
    checkAggregate('reduction', options);
    this.#partItems = options.partItems ?? AGGREGATE_DEFAULTS.partItems;
    this.#tree = new ReduceTree(options.fanIn ?? AGGREGATE_DEFAULTS.fanIn);
  }

  /** Items that have been skipped. */
  get gaps(): number {
    return this.#gaps;
  }

  /** Values and accumulators that wait for others. */
  get waiting(): number {
    return [...this.#open.values()].reduce((sum, { values }) => sum + values.size, this.#tree.waiting);
  }

  /** Whether every value is in the result. */
  get isComplete(): boolean {
    return this.#tree.root !== undefined;
  }

  /** An item's result has come. Returns the steps that can be taken now. */
  add(index: number, value: I): ReduceStep<I, A>[] {
    this.#openAt(index).values.set(index % this.#partItems, value);
    return this.#check(Math.floor(index / this.#partItems));
  }

  /** An item has failed and has no result. Returns the steps that can be taken now. */
  skip(index: number): ReduceStep<I, A>[] {
    this.#openAt(index).skipped.add(index % this.#partItems);
    this.#gaps += 1;
    return this.#check(Math.floor(index / this.#partItems));
  }

  /** There are so many items. Returns the steps that can be taken now. */
  end(count: number): ReduceStep<I, A>[] {
    if (this.#count !== undefined) throw new Error('end() was called twice');
    this.#count = count;
    const last = Math.floor(count / this.#partItems);
    // The last part is closed before the tree is, for which it is a leaf.
    const steps = this.#check(last);
    return [...steps, ...combinations<I, A>(this.#tree.end(Math.ceil(count / this.#partItems)))];
  }

  /** A step has been taken, with that result. Returns the steps that can be taken now. */
  done(step: ReduceStep<I, A>, accumulator: A): ReduceStep<I, A>[] {
    if (step.kind === 'parts') return combinations(this.#tree.put(step.part, accumulator));
    return combinations(this.#tree.done(step.combination, accumulator));
  }

  /** A part that was made before, and is taken up again: of values (level 0), or of parts. */
  resume(level: number, position: number, accumulator: A): ReduceStep<I, A>[] {
    if (level === 0) return combinations<I, A>(this.#tree.put(position, accumulator));
    return combinations<I, A>(this.#tree.done({ level, position, children: [] }, accumulator));
  }

  /** What all values became; `undefined` before that is there, and if there was none. */
  get root(): { readonly value: A } | undefined {
    const root = this.#tree.root;
    return root?.hasValue === true ? root : undefined;
  }

  /**
   * The result of it all.
   * @throws AggregationError if the aggregation throws; Error before `isComplete`
   */
  finish<O>(aggregation: Aggregation<I, A, O>): O {
    return finishWith(aggregation, this.accumulatorOf(aggregation));
  }

  /** The accumulator of all values, to be finished elsewhere. @throws Error before `isComplete` */
  accumulatorOf(aggregation: Aggregation<I, A, unknown>): A {
    const root = this.#tree.root;
    if (root === undefined) throw new Error(`the reduction is not complete: ${this.waiting} values wait`);
    return root.hasValue ? root.value : aggregateParts(aggregation, []);
  }

  #openAt(index: number): OpenPart<I> {
    if (index >= (this.#count ?? Number.POSITIVE_INFINITY)) throw new Error(`there is no item ${index}`);
    const part = Math.floor(index / this.#partItems);
    const open = this.#open.get(part) ?? { values: new Map(), skipped: new Set() };
    const place = index % this.#partItems;
    if (open.values.has(place) || open.skipped.has(place)) throw new Error(`item ${index} has come twice`);
    this.#open.set(part, open);
    return open;
  }

  #check(part: number): ReduceStep<I, A>[] {
    const open = this.#open.get(part);
    if (open === undefined) return [];
    const { values, skipped } = open;
    const from = part * this.#partItems;
    const wanted = Math.min(this.#partItems, (this.#count ?? Number.POSITIVE_INFINITY) - from);
    if (values.size + skipped.size < wanted) return [];
    this.#open.delete(part);
    if (values.size === 0) return combinations(this.#tree.skip(part));
    return [{ kind: 'parts', part, parts: runsOf(values, from) }];
  }
}

/** Takes a step here. */
export function takeStep<I, A>(aggregation: Aggregation<I, A, unknown>, step: ReduceStep<I, A>): A {
  if (step.kind === 'parts') return aggregateParts(aggregation, step.parts);
  return combineAll(aggregation, step.combination.children);
}

/** Takes steps here, and those that can be taken because of them. */
export function takeSteps<I, A>(
  aggregation: Aggregation<I, A, unknown>,
  reduction: Reduction<I, A>,
  steps: readonly ReduceStep<I, A>[],
): void {
  for (const step of steps) {
    takeSteps(aggregation, reduction, reduction.done(step, takeStep(aggregation, step)));
  }
}

function combinations<I, A>(ready: readonly Combination<A>[]): ReduceStep<I, A>[] {
  return ready.map((combination) => ({ kind: 'combine', combination }));
}

/** Values without a gap between them are one part. */
function runsOf<I>(values: ReadonlyMap<number, I>, from: number): Part<I>[] {
  const runs: { from: number; values: I[] }[] = [];
  let next = -1;
  for (const [place, value] of [...values].sort(([a], [b]) => a - b)) {
    if (place === next) runs.at(-1)!.values.push(value);
    else runs.push({ from: from + place, values: [value] });
    next = place + 1;
  }
  return runs;
}
