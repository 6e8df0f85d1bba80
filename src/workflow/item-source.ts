import { SpillwayError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';

/** Where a map's items come from. */
export interface ItemSource {
  /** How many there are, if that is known. */
  readonly count: number | undefined;
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  /** No more are wanted. */
  close(): void;
}

/** @throws SpillwayError if it is nothing to iterate over, or an array that is too long */
export function openItems(items: unknown, step: string, maxItems: number): ItemSource {
  if (Array.isArray(items)) {
    if (items.length > maxItems) {
      const message = `over of step "${step}": expected at most ${maxItems} items (its maxItems), got ${items.length}; chunk them, or raise maxItems`;
      throw new SpillwayError('WORKFLOW_LIMIT', message);
    }
    return arraySource(items);
  }
  if (typeof items === 'object' && items !== null) {
    if (Symbol.iterator in items) return iteratorSource((items as Iterable<unknown>)[Symbol.iterator]());
    if (Symbol.asyncIterator in items)
      return iteratorSource((items as AsyncIterable<unknown>)[Symbol.asyncIterator]());
  }
  const message = `over of step "${step}": expected an array, an iterable or an async iterable, got ${describe(items)}`;
  throw new SpillwayError('STEP_FAILED', message);
}

function arraySource(items: readonly unknown[]): ItemSource {
  let at = 0;
  return {
    count: items.length,
    next: () => (at < items.length ? { done: false, value: items[at++] } : { done: true, value: undefined }),
    close: () => undefined,
  };
}

function iteratorSource(iterator: Iterator<unknown> | AsyncIterator<unknown>): ItemSource {
  let isOver = false;
  return {
    count: undefined,
    next() {
      const result = iterator.next();
      if (result instanceof Promise) {
        return result.then((settled) => {
          isOver ||= settled.done === true;
          return settled;
        });
      }
      isOver ||= result.done === true;
      return result;
    },
    close() {
      if (isOver) return;
      isOver = true;
      // A source that cannot be closed has said all that we want to know.
      const closed = iterator.return?.();
      if (closed instanceof Promise) closed.catch(() => undefined);
    },
  };
}
