import { TaskError, type TaskErrorCode } from '../contract/errors.ts';
import type { PermitOutcome } from '../contract/limit.ts';
import type { Attempt } from '../contract/outcome.ts';
import type { Task } from '../contract/task.ts';
import { describeThrown } from '../contract/thrown.ts';
import { asksToSlowDown, upstreamBusy } from '../contract/upstream-busy.ts';
import type { Failure } from '../lanes/lane.ts';
import type { AgentEntry } from './agent-entry.ts';
import { isPoisonous } from './poison.ts';

/** A failed attempt, seen as what it is. */
export interface Classified {
  readonly error: TaskError;
  /** What it says about capacity. */
  readonly permit: PermitOutcome;
  /** How long the upstream wants to be left alone, in milliseconds; `undefined` if it is not that. */
  readonly busyMs: number | undefined;
}

/**
 * @param poisonKills a task that has killed so many threads is poison
 * @param wallNowMs milliseconds since the epoch, for upstreams that name a date
 */
export function classify(
  task: Task,
  agent: AgentEntry,
  failure: Failure,
  poisonKills: number,
  wallNowMs: () => number,
): Classified {
  const busyMs = agent.lane === 'loop' ? upstreamBusy(failure.cause, wallNowMs) : undefined;
  const isPoison = isPoisonous(task, failure, poisonKills);
  const code: TaskErrorCode = isPoison ? 'POISON' : busyMs === undefined ? failure.code : 'UPSTREAM_BUSY';
  const message = isPoison ? explainPoison(task, agent, failure) : explain(agent, failure);
  const error = new TaskError(code, task.id, agent.name, message, { cause: failure.cause });
  const permit = failure.code === 'TIMEOUT' || busyMs !== undefined ? 'dropped' : 'ignored';
  return { error, permit, busyMs };
}

/** Whether a failure says nothing about the agent. Being asked to slow down is for the limit to answer, not for a breaker. */
export function isCallersFault({ code, cause }: Failure): boolean {
  return code === 'INPUT_NOT_CLONEABLE' || (code === 'HANDLER_FAILED' && asksToSlowDown(cause));
}

/** An attempt as outcomes list it. Times are the engine's. */
export function attemptOf(
  task: Task,
  agent: AgentEntry,
  startedAtMs: number,
  endedAtMs: number,
  error: TaskError | undefined,
): Attempt {
  return {
    agent: agent.name,
    lane: agent.lane,
    threadId: agent.lane === 'threads' ? task.threadId : undefined,
    startedAtMs: task.target.owner.wallAtMs(startedAtMs),
    durationMs: endedAtMs - startedAtMs,
    error,
    noRetry: undefined,
    fallback: task.trail?.origin === undefined ? undefined : 'agent',
  };
}

function explainPoison(task: Task, agent: AgentEntry, { cause }: Failure): string {
  const { kills } = task.extras!;
  const killed = kills === 1 ? 'killed its thread' : `killed ${kills} threads`;
  return `agent "${agent.name}": the task ${killed} and is not run again, see engine.deadLetters: ${describeThrown(cause)}`;
}

function explain(agent: AgentEntry, failure: Failure): string {
  switch (failure.code) {
    case 'TIMEOUT':
      return `agent "${agent.name}": the attempt ran longer than its timeoutMs`;
    case 'WORKER_LOST':
      return `agent "${agent.name}": the thread died while it ran the task: ${describeThrown(failure.cause)}`;
    case 'STALLED':
      return `agent "${agent.name}": the task blocked its thread for longer than its stallMs; the thread is replaced`;
    case 'INPUT_NOT_CLONEABLE':
      return `agent "${agent.name}": the input cannot be sent to a thread: ${describeThrown(failure.cause)}`;
    case 'RESULT_NOT_CLONEABLE':
      return `agent "${agent.name}": the result cannot be sent back from a thread: ${describeThrown(failure.cause)}`;
    default:
      return `agent "${agent.name}": ${describeThrown(failure.cause)}`;
  }
}
