import type { Outcome, Timing } from './outcome.ts';
import type { UsageTotals } from './stats.ts';
import type { Trail } from './trail.ts';

/** What is told of a task that has completed: as much of its outcome as costs nothing. Good for as long as it is told. */
export interface Completion {
  readonly status: 'completed';
  readonly value: unknown;
  /** Who has completed it. */
  readonly agent: string | undefined;
  readonly usage: UsageTotals | undefined;
  readonly timing: Timing;
  /** Attempts beyond the first. */
  readonly retries: number;
}

/** Who goes on with a task once it has ended. */
export interface EndListener {
  taskEnded(end: Completion | Outcome): void;
}

/**
 * What tells the listener of a task that it has ended, once, in a microtask. A symbol, as it is for workflows alone: their
 * maps have so many tasks that a promise for each would cost as much as all else about them.
 */
export const ON_END: unique symbol = Symbol('on end');

export interface Listenable {
  [ON_END](listener: EndListener): void;
}

/** As much of a completed task as there is to see. */
interface Completed {
  readonly payload: unknown;
  readonly agent: { readonly name: string } | undefined;
  readonly account: { readonly usage: UsageTotals | undefined } | undefined;
  readonly trail: Pick<Trail, 'attempts'> | undefined;
}

class CompletionView implements Completion {
  readonly status = 'completed';
  task!: Completed;
  timing!: Timing;

  get value(): unknown {
    return this.task.payload;
  }

  get agent(): string | undefined {
    return this.task.agent?.name ?? this.task.trail?.attempts.at(-1)?.agent;
  }

  get usage(): UsageTotals | undefined {
    return this.task.account?.usage;
  }

  get retries(): number {
    return Math.max(0, (this.task.trail?.attempts.length ?? 1) - 1);
  }
}

const view = new CompletionView();

/** The one view there is: it shows this task until it is asked for the next. */
export function completionOf(task: Completed, timing: Timing): Completion {
  view.task = task;
  view.timing = timing;
  return view;
}

interface Untold {
  tellListener(): void;
}

/** Those that have ended, and have a listener that has not been told. */
let untold: Untold[] = [];
const TURN_END = Promise.resolve();

/** Never at once: the engine is in the middle of something. */
export function tellSoon(task: Untold): void {
  if (untold.push(task) === 1) void TURN_END.then(tellAll);
}

function tellAll(): void {
  const tasks = untold;
  untold = [];
  let told = 0;
  try {
    while (told < tasks.length) tasks[told++]!.tellListener();
  } finally {
    // One has thrown, for which nobody is prepared: the others are told all the same.
    for (let left = told; left < tasks.length; left++) tellSoon(tasks[left]!);
  }
}
