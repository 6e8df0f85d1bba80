import type { Flow } from '../admission/flow.ts';
import type { Gate } from '../admission/gate.ts';
import { classOf } from '../admission/priority-class.ts';
import type { Clock } from '../contract/clock.ts';
import { Cancellation, CancelledError, TaskError } from '../contract/errors.ts';
import { overloadError, type PermitOutcome, type Shed } from '../contract/limit.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { AbortReason } from '../contract/outcome.ts';
import type { Task } from '../contract/task.ts';
import type { AgentEntry } from './agent-entry.ts';
import { attemptOf, type Classified } from './classify.ts';
import type { Span } from './fallback-chain.ts';
import { leaveLane, releaseExtras } from './leaving.ts';
import type { LetterBox } from './letter-box.ts';
import { LiveTasks } from './live-tasks.ts';
import type { Overflow } from './overflow.ts';
import type { Route } from './route.ts';

/** The one place where tasks end: gives the permit back, records, and tells whoever waits. */
export class Settlement {
  private readonly gate: Gate;
  private readonly clock: Clock;
  /** Is offered what is shed late. */
  overflow: Overflow | undefined = undefined;
  readonly counts = { completed: 0, failed: 0, cancelled: 0 };
  /** Is given what failed for good, before its caller is told. */
  letters: LetterBox | undefined = undefined;
  /** A task that has killed so many threads is poison. */
  poisonKills: number = DEFAULTS.poison.kills;
  /** Let in, and not ended. */
  readonly live = new LiveTasks();

  constructor(gate: Gate, clock: Clock) {
    this.gate = gate;
    this.clock = clock;
  }

  /** Tasks let in that have not ended. */
  get inside(): number {
    return this.gate.inside;
  }

  /** Tasks let in since the start. */
  get admitted(): number {
    const { completed, failed, cancelled } = this.counts;
    return this.gate.inside + completed + failed + cancelled;
  }

  complete(
    task: Task,
    agent: AgentEntry,
    value: unknown,
    startedAtMs: number,
    endedAtMs: number,
    nowMs: number,
  ): void {
    if (task.extras?.probe !== undefined) {
      this.endProbe(task, agent, undefined, startedAtMs, endedAtMs);
      return;
    }
    const waitMs = startedAtMs - task.enqueuedAtMs;
    const serviceMs = endedAtMs - startedAtMs;
    const totalMs = nowMs - task.enqueuedAtMs;
    const { trail } = task;
    // Time that passed before it came back to its queue says nothing about the queue.
    const queuedMs = trail === undefined ? waitMs : startedAtMs - trail.queuedAtMs;
    if (trail !== undefined) {
      trail.add(attemptOf(task, agent, startedAtMs, endedAtMs, undefined));
      trail.chain = undefined;
    }
    agent.record(queuedMs, serviceMs, totalMs);
    agent.counts.completed++;
    this.counts.completed++;
    this.gate.leave('success', (task.target as Route).flow, agent, queuedMs, serviceMs, nowMs);
    if (task.extras !== undefined) releaseExtras(task, false);
    this.live.remove(task);
    if (task.account !== undefined) task.account.ended(task, undefined);
    task.complete(value, waitMs, serviceMs, totalMs);
    if (agent.breaker !== undefined) agent.breaker.succeeded(task, startedAtMs, endedAtMs);
  }

  /** Records an attempt that failed, whatever comes of its task. */
  attempted(
    task: Task,
    agent: AgentEntry,
    { busyMs, error }: Classified,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    const queuedAtMs = task.trail === undefined ? task.enqueuedAtMs : task.trail.queuedAtMs;
    const totalMs = this.clock.now() - task.enqueuedAtMs;
    agent.record(startedAtMs - queuedAtMs, endedAtMs - startedAtMs, totalMs);
    agent.counts.failed++;
    if (busyMs === undefined) return;
    this.gate.refused(agent, startedAtMs, busyMs, endedAtMs);
    if (agent.draws !== undefined) agent.draws.refused(task, error.cause, busyMs);
  }

  /** Takes a task off its lane whose attempt failed, and that may go on. */
  lost(task: Task, agent: AgentEntry, failed: Classified, startedAtMs: number, endedAtMs: number): void {
    const trail = task.history;
    const queuedMs = startedAtMs - trail.queuedAtMs;
    const { flow } = task.target as Route;
    this.gate.attempted(failed.permit, flow, agent, queuedMs, endedAtMs - startedAtMs, endedAtMs);
    trail.add(attemptOf(task, agent, startedAtMs, endedAtMs, failed.error));
    leaveLane(task, failed.error);
  }

  /** The only attempt of a task failed. */
  fail(task: Task, { error, permit }: Classified, startedAtMs: number, endedAtMs: number): void {
    const waitMs = startedAtMs - task.enqueuedAtMs;
    const totalMs = this.clock.now() - task.enqueuedAtMs;
    this.end(task, error, permit, waitMs, endedAtMs - startedAtMs, totalMs, endedAtMs);
  }

  /** A task fails that has left its lane. `span` is when its last attempt ran, if there was one. */
  failLast(task: Task, error: TaskError, span: Span | undefined): void {
    if (span === undefined) {
      this.failWaiting(task, error);
      return;
    }
    const { startedAtMs, endedAtMs, permit } = span;
    this.fail(task, { error, permit, busyMs: undefined }, startedAtMs, endedAtMs);
  }

  /** A waiting task cannot be served any more. */
  failWaiting(task: Task, error: TaskError): void {
    const waitMs = this.clock.now() - task.enqueuedAtMs;
    this.end(task, error, 'ignored', waitMs, 0, waitMs, 0);
  }

  /** A function of the fallback of an agent gave the value. It says nothing about capacity. */
  completeFallback(
    task: Task,
    agent: AgentEntry,
    value: unknown,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    const waitMs = startedAtMs - task.enqueuedAtMs;
    const serviceMs = endedAtMs - startedAtMs;
    this.noteFallback(task, agent, undefined, startedAtMs, endedAtMs);
    task.history.chain = undefined;
    this.counts.completed++;
    this.gate.leave('ignored', (task.target as Route).flow, undefined, waitMs, serviceMs, endedAtMs);
    if (task.extras !== undefined) releaseExtras(task, false);
    this.live.remove(task);
    if (task.account !== undefined) task.account.ended(task, undefined);
    task.complete(value, waitMs, serviceMs, endedAtMs - task.enqueuedAtMs);
  }

  /** A function of the fallback of an agent failed. */
  lostFallback(
    task: Task,
    agent: AgentEntry,
    error: TaskError,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    this.noteFallback(task, agent, error, startedAtMs, endedAtMs);
    leaveLane(task, error);
  }

  /** Adds the call of a function to what was tried. */
  noteFallback(
    task: Task,
    agent: AgentEntry,
    error: TaskError | undefined,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    const attempt = attemptOf(task, agent, startedAtMs, endedAtMs, error);
    task.history.add({ ...attempt, lane: 'loop', threadId: undefined, fallback: 'function' });
  }

  /** A waiting task can no longer end within its objective. */
  shedLate(task: Task, flow: Flow, waitedMs: number, nowMs: number): void {
    const retryAfterMs = Math.max(1, flow.station.predict(flow, classOf(task.level), nowMs));
    const shed = { reason: 'expired', load: waitedMs / flow.sloMs, retryAfterMs } as const;
    this.gate.sheds.add(shed.reason);
    this.gate.leave('dropped', flow, undefined, waitedMs, 0, nowMs);
    const overflowed = this.overflow?.takeLate(task, shed.reason) ?? false;
    if (task.extras !== undefined) releaseExtras(task, false);
    this.live.remove(task);
    if (task.account !== undefined) task.account.ended(task, undefined);
    task.reject(overloadError(shed, overflowed), waitedMs);
  }

  /** A task that was just let in is turned away after all. */
  shedNew(task: Task, shed: Shed, nowMs: number): void {
    this.gate.sheds.add(shed.reason);
    this.gate.leave('ignored', (task.target as Route).flow, undefined, 0, 0, nowMs);
    task.reject(overloadError(shed, false));
  }

  /** A waiting or running task is cut short. `startedAtMs` is when its attempt started, if that is known. */
  cancel(task: Task, reason: AbortReason, cause: unknown, startedAtMs: number | undefined): void {
    const agent = task.agent as AgentEntry | undefined;
    if (agent !== undefined && task.extras?.probe === undefined) agent.counts.cancelled++;
    this.cutShort(task, new Cancellation(agent?.name, reason, cause), 'ignored', startedAtMs);
  }

  /** The time is over that a waiting or running task had for all of its attempts. */
  expire(task: Task, startedAtMs: number | undefined): void {
    const agent = task.agent as AgentEntry | undefined;
    if (agent !== undefined) agent.counts.failed++;
    const cause = task.trail?.attempts.at(-1)?.error;
    const message = 'the task did not end within its deadlineMs';
    const error = new TaskError('DEADLINE', task.id, agent?.name, message, cause && { cause });
    this.cutShort(task, error, 'dropped', startedAtMs);
  }

  private cutShort(
    task: Task,
    error: TaskError | Cancellation,
    permit: PermitOutcome,
    startedAtMs: number | undefined,
  ): void {
    const nowMs = this.clock.now();
    const waitMs = (startedAtMs ?? nowMs) - task.enqueuedAtMs;
    const totalMs = nowMs - task.enqueuedAtMs;
    const { trail } = task;
    const agent = task.agent as AgentEntry | undefined;
    if (task.extras?.probe !== undefined) {
      const failure = error instanceof Cancellation ? error.error(task.id) : error;
      this.endProbe(task, agent!, failure, nowMs, nowMs);
      return;
    }
    if (trail !== undefined && agent !== undefined && startedAtMs !== undefined) {
      const failure = error instanceof Cancellation ? undefined : error;
      trail.add(attemptOf(task, agent, startedAtMs, nowMs, failure));
    }
    this.end(task, error, permit, waitMs, totalMs - waitMs, totalMs, nowMs);
    agent?.breaker?.ignored(task);
  }

  /** A task came back from a thread that had not started it. A probe is over by that; whether it was one. */
  dropsProbe(task: Task, agent: AgentEntry): boolean {
    if (task.extras?.probe === undefined) {
      agent.breaker?.ignored(task);
      return false;
    }
    this.cancel(task, 'cancelled', undefined, undefined);
    return true;
  }

  /** A probe came by no door and stands in no count: nothing is to be given back for it. */
  endProbe(
    task: Task,
    agent: AgentEntry,
    error: TaskError | undefined,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    const answer = task.extras!.probe!;
    const { breaker } = agent;
    if (error === undefined) task.complete(undefined, 0, 0, 0);
    else task.fail(error, 0, 0, 0);
    releaseExtras(task, error !== undefined);
    if (error === undefined) breaker?.succeeded(task, startedAtMs, endedAtMs);
    else if (error instanceof CancelledError) breaker?.ignored(task);
    else breaker?.failed(task, startedAtMs, endedAtMs, error.message);
    answer(error);
  }

  private end(
    task: Task,
    error: TaskError | Cancellation,
    permit: PermitOutcome,
    waitMs: number,
    serviceMs: number,
    totalMs: number,
    nowMs: number,
  ): void {
    if (error instanceof Cancellation) this.counts.cancelled++;
    else {
      this.counts.failed++;
      const startedAtMs = task.enqueuedAtMs + waitMs;
      const span = task.agent && { startedAtMs, endedAtMs: startedAtMs + serviceMs };
      this.letters?.take(task, error, span);
    }
    const agent = task.agent as AgentEntry | undefined;
    this.gate.leave(permit, (task.target as Route).flow, agent, waitMs, serviceMs, nowMs);
    this.live.remove(task);
    if (task.trail !== undefined) task.trail.chain = undefined;
    task.fail(error, waitMs, serviceMs, totalMs);
    // After the task has ended, so that what its handler does on abort changes nothing.
    if (task.extras !== undefined) releaseExtras(task, true);
    if (task.account !== undefined) task.account.ended(task, error);
  }
}
