import { type Clock, type Random, wallNowMs } from '../contract/clock.ts';
import { TaskError } from '../contract/errors.ts';
import type { EngineEvents } from '../contract/events.ts';
import type { RetryOptions } from '../contract/retry.ts';
import type { Task } from '../contract/task.ts';
import type { Failure } from '../lanes/lane.ts';
import type { AgentEntry } from './agent-entry.ts';
import { type Classified, classify, isCallersFault } from './classify.ts';
import type { FallbackChain } from './fallback-chain.ts';
import type { RetryBudget } from './retry-budget.ts';
import { explainBackoff, planRetry, type RetryPlan } from './retry-policy.ts';
import type { Route } from './route.ts';
import type { Settlement } from './settlement.ts';
import { unservedError } from './unserved.ts';
import type { Waiting } from './waiting.ts';

/** What the failure of an attempt may need. */
export interface FailedAttemptsParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly settlement: Settlement;
  readonly budget: RetryBudget;
  readonly chain: FallbackChain;
  readonly emit: <E extends keyof EngineEvents>(event: E, value: EngineEvents[E]) => void;
}

/** Where a task goes from here; the dispatcher. */
export interface Ways {
  readonly room: Waiting;
  enqueue(task: Task, route: Route): void;
  comeBack(task: Task): void;
}

/**
 * What becomes of an attempt that failed: classified, tried again, given to the fallback, or settled.
 *
 * ```
 *  failed ─► classify ─► retry? ──yes──► aside until it is due ─► queue
 *                          │ no
 *  refused ────────────────┴─► fallback? ──yes──► another agent's queue, or a function
 *  (waits, cannot be served)       │ no
 *                                  ▼
 *                               settle
 * ```
 */
export class FailedAttempts {
  private readonly parts: FailedAttemptsParts;
  ways!: Ways;

  constructor(parts: FailedAttemptsParts) {
    this.parts = parts;
    parts.chain.failures = this;
  }

  /** A task's attempt failed. The caller frees its place on the lane. */
  failed(task: Task, agent: AgentEntry, failure: Failure, startedAtMs: number, endedAtMs: number): void {
    const { settlement } = this.parts;
    const failed = classify(task, agent, failure, settlement.poisonKills, wallNowMs);
    agent.lastFailure = { error: failed.error, atMs: endedAtMs };
    if (task.extras?.probe !== undefined) {
      settlement.endProbe(task, agent, failed.error, startedAtMs, endedAtMs);
      return;
    }
    settlement.attempted(task, agent, failed, startedAtMs, endedAtMs);
    this.goOn(task, agent, failed, startedAtMs, endedAtMs);
    const { breaker } = agent;
    if (breaker === undefined) return;
    if (isCallersFault(failure)) breaker.ignored(task);
    else breaker.failed(task, startedAtMs, endedAtMs, failed.error.message);
  }

  /** Another attempt, the next step of the fallback, or the end. */
  private goOn(
    task: Task,
    agent: AgentEntry,
    failed: Classified,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    const { settlement } = this.parts;
    const policy = policyOf(task, agent);
    if (policy === undefined && task.trail === undefined && agent.fallback.length === 0) {
      settlement.fail(task, failed, startedAtMs, endedAtMs);
      return;
    }
    settlement.lost(task, agent, failed, startedAtMs, endedAtMs);
    const hasMoved = task.extras?.transfer !== undefined && agent.lane === 'threads';
    const plan = policy && this.plan(policy, task, agent, failed, hasMoved);
    // The functions of a policy, and listeners of the attempt's signal, may have cancelled it.
    if (task.ended) return;
    if (plan?.kind === 'retry') {
      this.again(task, agent, failed.error, plan.delayMs);
      return;
    }
    const error = plan?.kind === 'broken' ? this.blamePolicy(task, agent, plan, failed.error) : failed.error;
    const span = { startedAtMs, endedAtMs, permit: failed.permit };
    this.parts.chain.begin(task, agent, agent.fallback, error, span, hasMoved);
  }

  /**
   * A task that waits, in no queue any more, cannot be served by those it waited for, or not now: it goes on to their
   * fallback, or fails.
   */
  refuse(task: Task, error: TaskError): void {
    const { chain, settlement } = this.parts;
    const { trail } = task;
    const route = task.target as Route;
    if (trail === undefined && route.fallback.length === 0) settlement.failWaiting(task, error);
    else chain.begin(task, route.agents[0], route.fallback, error, undefined, false);
  }

  /** Refuses a task because no agent of the route takes tasks: the one place where such tasks go on, or end. */
  unserved(task: Task, route: Route): void {
    this.refuse(task, unservedError(task, route, undefined, this.parts.clock.now()));
  }

  private plan(
    policy: RetryOptions,
    task: Task,
    agent: AgentEntry,
    { error, busyMs = 0 }: Classified,
    hasMoved: boolean,
  ): RetryPlan {
    const { clock, budget, settlement, random } = this.parts;
    const trail = task.history;
    const nowMs = clock.now();
    const leftMs = (task.deadline?.atMs ?? Number.POSITIVE_INFINITY) - nowMs;
    const { tries } = trail;
    let plan = planRetry(
      policy,
      { error, tries, isIdempotent: agent.idempotent, hasMoved, busyMs, leftMs },
      random,
    );
    if (plan.kind === 'retry' && !budget.spend(nowMs, settlement.admitted)) {
      plan = { kind: 'end', because: 'budget' };
    }
    if (plan.kind !== 'retry') trail.markLast(plan.because);
    return plan;
  }

  private again(task: Task, agent: AgentEntry, error: TaskError, delayMs: number): void {
    const { clock, emit } = this.parts;
    const trail = task.history;
    trail.queuedAtMs = clock.now() + delayMs;
    // It was let in; being late is no reason to turn it away now.
    task.patient = true;
    agent.retries++;
    if (delayMs === 0) this.ways.comeBack(task);
    else this.ways.room.setAside(task, delayMs);
    emit('retry', { taskId: task.id, agent: agent.name, attempt: trail.tries, code: error.code, delayMs });
  }

  /** The error of a task whose policy failed. A predicate that throws says nothing about the task. */
  private blamePolicy(
    task: Task,
    agent: AgentEntry,
    { because, thrown }: Extract<RetryPlan, { kind: 'broken' }>,
    error: TaskError,
  ): TaskError {
    if (because === 'when-failed') {
      this.parts.emit('listenerError', { event: `retry.when of agent "${agent.name}"`, error: thrown });
      return error;
    }
    const message = explainBackoff(agent.name, thrown);
    return new TaskError('BACKOFF_INVALID', task.id, agent.name, message, { cause: error });
  }
}

/** The caller's own policy is for the agent that was asked for. */
function policyOf(task: Task, agent: AgentEntry): RetryOptions | undefined {
  const own = task.trail?.origin === undefined ? task.extras?.retry : undefined;
  return own ?? agent.retry;
}
