import type {
  CancelFilter,
  CancelOptions,
  CancelResult,
  DependentSteps,
  TaskConditions,
} from '../contract/cancel.ts';
import { checkConditions } from '../contract/cancel-schema.ts';
import { checkOptions } from '../contract/check-options.ts';
import type { Clock } from '../contract/clock.ts';
import { ConfigError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import { BOUNDS } from '../contract/option-values.ts';
import { STATE, type Task } from '../contract/task.ts';
import { taskSeq } from '../contract/task-id.ts';
import type { Waiter } from '../contract/waiter.ts';
import type { LiveTasks } from '../dispatch/live-tasks.ts';
import type { Route } from '../dispatch/route.ts';
import { LiveTaskView } from './live-task-view.ts';

export interface BulkCancelParts {
  readonly clock: Clock;
  readonly live: LiveTasks;
  /** The number that was given last. */
  readonly lastSeq: () => number;
  /** Ends one task; false if it has ended. */
  readonly cancel: (task: Task, cause: unknown) => boolean;
}

/** Cancels what a filter finds among all that has not ended. */
export class BulkCancel {
  private readonly parts: BulkCancelParts;

  constructor(parts: BulkCancelParts) {
    this.parts = parts;
  }

  /** @throws ConfigError for a wrong filter, and for a predicate that throws; nothing has changed then */
  run(filter: CancelFilter, options: CancelOptions): CancelResult {
    checkOptions('cancelFilter', filter, 'cancel');
    checkOptions('cancel', options, 'cancel options');
    checkConditions(filter);
    const conditions = conditionsIn(filter);
    const found = this.find(conditions);
    const result = this.cancelAll(found, options);
    const { id } = conditions;
    return id === undefined ? result : { ...result, named: this.fate(id, found) };
  }

  private find(conditions: TaskConditions): Task[] {
    const { id, where } = conditions;
    const { live, clock } = this.parts;
    const met =
      id === undefined ? live.select((task) => meets(task, conditions)) : this.named(id, conditions);
    if (where === undefined) return met;
    const nowMs = clock.now();
    return met.filter((task) => isWanted(where, task, nowMs));
  }

  private named(id: string, conditions: TaskConditions): Task[] {
    const seq = taskSeq(id);
    const task = seq === undefined ? undefined : this.parts.live.get(seq);
    return task !== undefined && meets(task, conditions) ? [task] : [];
  }

  private cancelAll(found: readonly Task[], { reason, graceMs }: CancelOptions): CancelResult {
    const cancelled: string[] = [];
    const ended = { waiting: 0, running: 0 };
    const waiters = new Set<Waiter>();
    for (const task of found) {
      const group = task.stateCode === STATE.pending ? 'waiting' : 'running';
      // Behind the handlers of those cancelled before it, which may have ended it.
      if (task.ended) continue;
      const waiter = task.extras?.waiter;
      if (waiter !== undefined) waiters.add(waiter);
      this.parts.cancel(task, reason);
      if (graceMs !== undefined && group === 'running') task.more.graceMs = graceMs;
      ended[group]++;
      if (cancelled.length < BOUNDS.cancelledIds) cancelled.push(task.id);
    }
    const total = ended.waiting + ended.running;
    return { cancelled, total, ...ended, dependents: dependentsOf(waiters) };
  }

  private fate(id: string, found: readonly Task[]): NonNullable<CancelResult['named']> {
    if (found.length > 0) return 'cancelled';
    const seq = taskSeq(id);
    if (seq === undefined || seq > this.parts.lastSeq()) return 'unknown';
    return this.parts.live.get(seq) === undefined ? 'ended' : 'kept';
  }
}

function meets(task: Task, { agent, capability, priority, tenant, tag }: TaskConditions): boolean {
  const { kind, name } = task.target as Route;
  if (agent !== undefined && task.agent?.name !== agent && (kind !== 'agent' || name !== agent)) return false;
  if (capability !== undefined && (kind !== 'capability' || name !== capability)) return false;
  if (priority?.min !== undefined && task.level < priority.min) return false;
  if (priority?.max !== undefined && task.level > priority.max) return false;
  if (tenant !== undefined && task.extras?.tenant !== tenant) return false;
  return tag === undefined || task.extras?.tags?.includes(tag) === true;
}

function dependentsOf(waiters: ReadonlySet<Waiter>): readonly DependentSteps[] {
  const byRun = new Map<string, Set<string>>();
  for (const waiter of waiters) waiter.addDependents(byRun);
  const listed = [...byRun].slice(0, BOUNDS.dependentRuns);
  return listed.map(([run, steps]) => ({ run, steps: [...steps] }));
}

function isWanted(where: NonNullable<TaskConditions['where']>, task: Task, nowMs: number): boolean {
  let answer: unknown;
  try {
    answer = where(new LiveTaskView(task, nowMs));
  } catch (error) {
    throw wrongPredicate('it threw', error);
  }
  if (typeof answer === 'boolean') return answer;
  throw wrongPredicate(`got ${describe(answer)}`);
}

function wrongPredicate(what: string, cause?: unknown): ConfigError {
  const expected = 'a function that returns true or false';
  const message = `cancel.where: expected ${expected}, but ${what}; nothing was cancelled`;
  return new ConfigError('INVALID_OPTION', 'cancel.where', message, {
    expected,
    received: what,
    ...(cause !== undefined && { cause }),
  });
}

/** None for `{ all: true }`. */
function conditionsIn(filter: CancelFilter): TaskConditions {
  return 'all' in filter && filter.all === true ? {} : (filter as TaskConditions);
}
