import type { Completion, EndListener } from '../contract/end-listener.ts';
import type { TaskHandle, TaskOptions } from '../contract/handle.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { HeapItem } from '../queue/indexed-heap.ts';
import type { SendLine } from './send-line.ts';

/** Whom a task is for. */
export type SendTarget = string | { readonly capability: string };

/** How it ended; an outcome `rejected` only if it was cancelled. What tells of a completion is not to be kept. */
export type SendingEnd = Completion | Outcome | { readonly status: 'refused'; readonly error: unknown };

/** A task that a run has asked for, and its place in the line of its target. A class, as a map makes 100,000 of them. */
export abstract class Sending implements HeapItem, EndListener {
  abstract readonly target: SendTarget;
  abstract readonly options: TaskOptions;
  /** Smaller goes first. */
  abstract readonly key: number;
  input: unknown;
  handle: TaskHandle | undefined = undefined;
  /** Where its end is told, once it is submitted. */
  line: SendLine | undefined = undefined;
  isCancelled = false;
  /** Submitted, and not known to have begun. */
  isAhead = false;
  tie = 0;
  heapIndex = -1;

  constructor(input: unknown) {
    this.input = input;
  }

  taskEnded(end: Completion | Outcome): void {
    this.line!.ended(this, end);
  }

  /** Called once. */
  abstract ended(end: SendingEnd): void;
}

/** One that shares nothing with others. */
export abstract class SingleSending extends Sending {
  readonly target: SendTarget;
  readonly options: TaskOptions;
  readonly key: number;

  /** @param urgency the larger goes first */
  constructor(target: SendTarget, input: unknown, options: TaskOptions, urgency: number) {
    super(input);
    this.target = target;
    this.options = options;
    this.key = -urgency;
  }
}
