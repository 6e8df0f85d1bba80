/** Items that come one after another, at once or with time. */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** A step on the way from a source to its chunks: takes in items, and gives what is complete. */
export interface Stage<I, O> {
  push(item: I): Iterable<O>;
  /** The source has ended. */
  end(): Iterable<O>;
}

/** Two stages as one. */
export function chained<I, M, O>(first: Stage<I, M>, second: Stage<M, O>): Stage<I, O> {
  function* onward(items: Iterable<M>): Iterable<O> {
    for (const item of items) yield* second.push(item);
  }
  return {
    push: (item) => onward(first.push(item)),
    *end() {
      yield* onward(first.end());
      yield* second.end();
    },
  };
}

/** Sends a source through a stage, as what comes of it is asked for. Whoever leaves early closes the source. */
export async function* drained<I, O>(source: Source<I>, stage: Stage<I, O>): AsyncGenerator<O, void> {
  if (Symbol.asyncIterator in source) for await (const item of source) yield* stage.push(item);
  // A turn of the event loop's queue for every item would cost more than all else.
  else for (const item of source) yield* stage.push(item);
  yield* stage.end();
}
