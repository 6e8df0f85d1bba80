import type { TaskContext } from '../contract/agent.ts';
import type { Clock } from '../contract/clock.ts';
import type { AgentRef, Task } from '../contract/task.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import type { LaneReport } from './lane.ts';
import { LoopContext } from './loop-context.ts';

/** An agent whose handler is a function in this process. */
export interface LoopAgentRef extends AgentRef {
  readonly run: (input: never, ctx: TaskContext) => unknown;
}

/** Attempts kept for reuse. */
const MAX_SPARE = 1_024;
const { then } = Promise.prototype;

/** One call of a handler. Its two callbacks are made once and serve many attempts, one after the other. */
class Attempt {
  task: Task | undefined = undefined;
  startedAtMs = Number.NaN;
  deadline: Deadline<Attempt> | undefined = undefined;
  readonly onValue: (value: unknown) => void;
  readonly onError: (error: unknown) => void;

  constructor(lane: LoopLane) {
    this.onValue = (value) => lane.settle(this, value, false);
    this.onError = (error) => lane.settle(this, error, true);
  }
}

/**
 * Runs attempts as promises on the event loop. How many run at once is the dispatcher's to decide; the lane starts
 * what it is given, at once. A task that was ended from outside (cancelled, out of time) is forgotten: what its
 * handler still does changes nothing.
 */
export class LoopLane {
  private readonly clock: Clock;
  private readonly report: LaneReport;
  private readonly deadlines: Deadlines<Attempt>;
  /** Attempts whose promise has settled, for reuse. */
  private readonly spare: Attempt[] = [];

  constructor(clock: Clock, report: LaneReport) {
    this.clock = clock;
    this.report = report;
    this.deadlines = new Deadlines(clock, (attempt) => this.timeOut(attempt));
  }

  /** Calls the handler; whatever it does becomes a report. */
  start(task: Task, agent: LoopAgentRef, nowMs: number): void {
    const attempt = this.spare.pop() ?? new Attempt(this);
    attempt.task = task;
    attempt.startedAtMs = nowMs;
    task.place = attempt;
    let value: unknown;
    try {
      value = agent.run(task.payload as never, new LoopContext(task));
      if (isThenable(value)) {
        // Through a promise of our own for what only looks like one: it may call back twice.
        then.call(Promise.resolve(value), attempt.onValue, attempt.onError);
        // Nothing can cut a handler short before it has returned, and it may have ended its own task.
        const timeoutMs = task.extras?.timeoutMs ?? agent.timeoutMs;
        if (timeoutMs !== undefined && attempt.task === task)
          attempt.deadline = this.deadlines.add(attempt, timeoutMs, nowMs);
        return;
      }
    } catch (error) {
      this.settle(attempt, error, true);
      return;
    }
    this.settle(attempt, value, false);
  }

  /** The task of an attempt has ended without it. What its handler still does, perhaps never, is of no concern. */
  abandon(attempt: object | undefined): void {
    if (!(attempt instanceof Attempt)) return;
    attempt.task = undefined;
    clearDeadline(attempt);
  }

  /** The handler of an attempt has returned, or its promise has settled. */
  settle(attempt: Attempt, result: unknown, isError: boolean): void {
    const { task } = attempt;
    if (task === undefined) return;
    attempt.task = undefined;
    clearDeadline(attempt);
    if (this.spare.length < MAX_SPARE) this.spare.push(attempt);
    if (task.ended) return;
    const endedAtMs = this.clock.now();
    if (isError) {
      this.report.failed(task, { code: 'HANDLER_FAILED', cause: result }, attempt.startedAtMs, endedAtMs);
    } else {
      this.report.completed(task, result, attempt.startedAtMs, endedAtMs);
    }
  }

  private timeOut(attempt: Attempt): void {
    const { task, startedAtMs } = attempt;
    if (task === undefined || task.ended) return;
    this.report.failed(task, { code: 'TIMEOUT', cause: undefined }, startedAtMs, this.clock.now());
    this.abandon(attempt);
  }
}

function clearDeadline(attempt: Attempt): void {
  if (attempt.deadline === undefined) return;
  attempt.deadline.cancel();
  attempt.deadline = undefined;
}

/** When the running attempt of a task on this lane started; `undefined` if it is not on this lane. */
export function startOf(task: Task): number | undefined {
  return task.place instanceof Attempt ? task.place.startedAtMs : undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
