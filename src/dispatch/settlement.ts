import type { Flow } from '../admission/flow.ts';
import type { Gate } from '../admission/gate.ts';
import { classOf } from '../admission/priority-class.ts';
import { type Clock, wallNowMs } from '../contract/clock.ts';
import { CancelledError, TaskError, type TaskErrorCode } from '../contract/errors.ts';
import { overloadError, type PermitOutcome } from '../contract/limit.ts';
import type { AbortReason } from '../contract/outcome.ts';
import type { Task } from '../contract/task.ts';
import { describeThrown } from '../contract/thrown.ts';
import { upstreamBusy } from '../contract/upstream-busy.ts';
import type { Failure } from '../lanes/lane.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { Overflow } from './overflow.ts';
import type { Route } from './route.ts';

/** The one place where tasks end: gives the permit back, records, and tells whoever waits. */
export class Settlement {
  private readonly gate: Gate;
  private readonly clock: Clock;
  /** Is offered what is shed late. */
  overflow: Overflow | undefined = undefined;
  readonly counts = { completed: 0, failed: 0, cancelled: 0 };

  constructor(gate: Gate, clock: Clock) {
    this.gate = gate;
    this.clock = clock;
  }

  /** Tasks let in that have not ended. */
  get inside(): number {
    return this.gate.inside;
  }

  complete(
    task: Task,
    agent: AgentEntry,
    value: unknown,
    startedAtMs: number,
    endedAtMs: number,
    nowMs: number,
  ): void {
    const waitMs = startedAtMs - task.enqueuedAtMs;
    const serviceMs = endedAtMs - startedAtMs;
    const totalMs = nowMs - task.enqueuedAtMs;
    agent.record(waitMs, serviceMs, totalMs);
    agent.counts.completed++;
    this.counts.completed++;
    this.gate.leave('success', (task.target as Route).flow, agent, waitMs, serviceMs, nowMs);
    if (task.extras !== undefined) releaseExtras(task, undefined);
    task.complete(value, waitMs, serviceMs, totalMs);
  }

  /** An attempt failed. */
  fail(task: Task, agent: AgentEntry, failure: Failure, startedAtMs: number, endedAtMs: number): void {
    const waitMs = startedAtMs - task.enqueuedAtMs;
    const serviceMs = endedAtMs - startedAtMs;
    const totalMs = this.clock.now() - task.enqueuedAtMs;
    agent.record(waitMs, serviceMs, totalMs);
    agent.counts.failed++;
    const busyMs = agent.lane === 'loop' ? upstreamBusy(failure.cause, wallNowMs) : undefined;
    const code = busyMs === undefined ? failure.code : 'UPSTREAM_BUSY';
    const error = new TaskError(code, task.id, agent.name, explain(agent, failure), {
      cause: failure.cause,
    });
    const permit = failure.code === 'TIMEOUT' || busyMs !== undefined ? 'dropped' : 'ignored';
    if (busyMs !== undefined) this.gate.refused(agent, startedAtMs, busyMs, endedAtMs);
    this.end(task, error, permit, waitMs, serviceMs, totalMs, endedAtMs);
  }

  /** A waiting task cannot be served any more. */
  failWaiting(task: Task, code: TaskErrorCode, message: string): void {
    const waitMs = this.clock.now() - task.enqueuedAtMs;
    this.end(task, new TaskError(code, task.id, undefined, message), 'ignored', waitMs, 0, waitMs, 0);
  }

  /** A waiting task can no longer end within its objective. */
  shedLate(task: Task, flow: Flow, waitedMs: number, nowMs: number): void {
    const retryAfterMs = Math.max(1, flow.station.predict(flow, classOf(task.level), nowMs));
    const shed = { reason: 'expired', load: waitedMs / flow.sloMs, retryAfterMs } as const;
    this.gate.sheds.add(shed.reason);
    this.gate.leave('dropped', flow, undefined, waitedMs, 0, nowMs);
    const overflowed = this.overflow?.takeLate(task, shed.reason) ?? false;
    if (task.extras !== undefined) releaseExtras(task, undefined);
    task.reject(overloadError(shed, overflowed), waitedMs);
  }

  /** A waiting or running task is cut short. `startedAtMs` is when its attempt started, if that is known. */
  cancel(task: Task, reason: AbortReason, cause: unknown, startedAtMs: number | undefined): void {
    const nowMs = this.clock.now();
    const waitMs = (startedAtMs ?? nowMs) - task.enqueuedAtMs;
    const totalMs = nowMs - task.enqueuedAtMs;
    const agent = task.agent as AgentEntry | undefined;
    if (agent !== undefined) agent.counts.cancelled++;
    const error = new CancelledError(task.id, agent?.name, reason, cause);
    this.end(task, error, 'ignored', waitMs, totalMs - waitMs, totalMs, nowMs);
  }

  private end(
    task: Task,
    error: TaskError,
    permit: PermitOutcome,
    waitMs: number,
    serviceMs: number,
    totalMs: number,
    nowMs: number,
  ): void {
    if (error instanceof CancelledError) this.counts.cancelled++;
    else this.counts.failed++;
    const agent = task.agent as AgentEntry | undefined;
    this.gate.leave(permit, (task.target as Route).flow, agent, waitMs, serviceMs, nowMs);
    task.fail(error, waitMs, serviceMs, totalMs);
    // After the task has ended, so that what its handler does on abort changes nothing.
    if (task.extras !== undefined) releaseExtras(task, error);
  }
}

/** Takes back timers and listeners, so that an ended task holds on to nothing of its caller's. */
function releaseExtras(task: Task, error: TaskError | undefined): void {
  const { extras } = task;
  task.extras = undefined;
  extras!.unlisten?.();
  extras!.clearDeadline?.();
  if (error !== undefined) extras!.abort?.(error);
}

function explain(agent: AgentEntry, failure: Failure): string {
  switch (failure.code) {
    case 'TIMEOUT':
      return `agent "${agent.name}": the attempt ran longer than its timeoutMs`;
    case 'WORKER_LOST':
      return `agent "${agent.name}": the thread died while it ran the task: ${describeThrown(failure.cause)}`;
    case 'INPUT_NOT_CLONEABLE':
      return `agent "${agent.name}": the input cannot be sent to a thread: ${describeThrown(failure.cause)}`;
    case 'RESULT_NOT_CLONEABLE':
      return `agent "${agent.name}": the result cannot be sent back from a thread: ${describeThrown(failure.cause)}`;
    default:
      return `agent "${agent.name}": ${describeThrown(failure.cause)}`;
  }
}
