import type { Clock } from '../contract/clock.ts';
import { TaskError, type TaskErrorCode } from '../contract/errors.ts';
import { STATE, type Task } from '../contract/task.ts';
import { describeThrown } from '../contract/thrown.ts';
import { type Deadline, Deadlines } from '../lanes/deadlines.ts';
import type { AgentEntry } from './agent-entry.ts';

/** Whom the end of a function is reported to. Times are on the engine's clock, in milliseconds. */
export interface FunctionReport {
  completed(task: Task, agent: AgentEntry, value: unknown, startedAtMs: number, endedAtMs: number): void;
  failed(task: Task, agent: AgentEntry, error: TaskError, startedAtMs: number, endedAtMs: number): void;
}

export type FallbackFunction = (input: never, error: TaskError) => unknown;

/** One call of a function. */
class FunctionRun {
  /** `undefined` once the task has ended, or gone on, without it. */
  task: Task | undefined;
  readonly agent: AgentEntry;
  readonly startedAtMs: number;
  deadline: Deadline<FunctionRun> | undefined = undefined;

  constructor(task: Task, agent: AgentEntry, startedAtMs: number) {
    this.task = task;
    this.agent = agent;
    this.startedAtMs = startedAtMs;
  }
}

const TURN_END = Promise.resolve();

/** Runs the functions of fallbacks on the event loop. They take no place of any agent's limit. */
export class FallbackFunctions {
  private readonly clock: Clock;
  private readonly report: FunctionReport;
  private readonly deadlines: Deadlines<FunctionRun>;

  constructor(clock: Clock, report: FunctionReport) {
    this.clock = clock;
    this.report = report;
    this.deadlines = new Deadlines(clock, (run) =>
      this.fail(run, 'TIMEOUT', 'ran longer than its timeoutMs', undefined),
    );
  }

  /** Calls the function for a task that is on no lane and in no queue. */
  start(task: Task, agent: AgentEntry, fn: FallbackFunction, input: unknown, error: TaskError): void {
    const nowMs = this.clock.now();
    const run = new FunctionRun(task, agent, nowMs);
    task.move(STATE.running);
    task.place = run;
    const timeoutMs = task.extras?.timeoutMs ?? agent.timeoutMs;
    if (timeoutMs !== undefined) run.deadline = this.deadlines.add(run, timeoutMs, nowMs);
    // Not before what runs now has returned: it may be in the middle of a batch's results.
    void TURN_END.then(() => this.call(run, fn, input, error));
  }

  /** The task of a run has ended without it; does nothing for what is no run. */
  abandon(place: object | undefined): void {
    if (place instanceof FunctionRun) this.leave(place);
  }

  /** The call that a task is at; `undefined` if it is at none. */
  runOf({ place }: Task): { readonly agent: AgentEntry; readonly startedAtMs: number } | undefined {
    return place instanceof FunctionRun ? place : undefined;
  }

  private async call(
    run: FunctionRun,
    fn: FallbackFunction,
    input: unknown,
    error: TaskError,
  ): Promise<void> {
    if (run.task === undefined) return;
    try {
      const value = await fn(input as never, error);
      const task = this.leave(run);
      if (task !== undefined) {
        this.report.completed(task, run.agent, value, run.startedAtMs, this.clock.now());
      }
    } catch (thrown) {
      this.fail(run, 'HANDLER_FAILED', describeThrown(thrown), thrown);
    }
  }

  private fail(run: FunctionRun, code: TaskErrorCode, why: string, cause: unknown): void {
    const task = this.leave(run);
    if (task === undefined) return;
    const { agent, startedAtMs } = run;
    const message = `a function of the fallback of agent "${agent.name}": ${why}`;
    const error = new TaskError(code, task.id, agent.name, message, { cause });
    this.report.failed(task, agent, error, startedAtMs, this.clock.now());
  }

  /** Ends a run; gives its task if it still is the run's. */
  private leave(run: FunctionRun): Task | undefined {
    const { task, deadline } = run;
    run.task = undefined;
    if (deadline !== undefined) this.deadlines.remove(deadline);
    return task;
  }
}
