import { SpillwayError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import type { StepError } from '../contract/workflow.ts';
import type { MapStep } from '../contract/workflow-definition.ts';
import { isPromise } from './perform.ts';
import { stepError } from './step-error.ts';

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
  const taken = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (typeof result !== 'object' || result === null) {
      throw new TypeError(`expected { done, value } of its iterator, got ${describe(result)}`);
    }
    isOver ||= result.done === true;
    return result;
  };
  // One that has thrown is not asked again, and not closed.
  const lost = (error: unknown): never => {
    isOver = true;
    throw error;
  };
  return {
    count: undefined,
    next() {
      try {
        const result = iterator.next();
        return isPromise<IteratorResult<unknown>>(result)
          ? Promise.resolve(result).then(taken).catch(lost)
          : taken(result);
      } catch (error) {
        return lost(error);
      }
    },
    close() {
      if (isOver) return;
      isOver = true;
      // A source that cannot be closed has given all that is wanted of it: nobody is to be told.
      const ignored = (): void => undefined;
      try {
        const closed: unknown = iterator.return?.();
        if (isPromise(closed)) closed.then(ignored, ignored);
      } catch {
        ignored();
      }
    },
  };
}

/** The error of a map whose source gives more than it may. */
export function tooMany({ name, maxItems }: Pick<MapStep, 'name' | 'maxItems'>): StepError {
  const message = `step "${name}" has more than ${maxItems} items, which is its maxItems`;
  return {
    ...stepError(name, undefined, 'WORKFLOW_LIMIT', message),
    suggestion: 'chunk the input, or raise maxItems of the map',
  };
}
