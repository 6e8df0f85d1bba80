import { BreakerOpenError, TaskError } from '../contract/errors.ts';
import type { Task } from '../contract/task.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { Route } from './route.ts';

/**
 * Why a task cannot be served on a route that is not open: its agents were removed, are switched off, or left alone.
 * @param agent the name of the one that is to blame, if the task was for it
 */
export function unservedError(task: Task, route: Route, agent: string | undefined, nowMs: number): TaskError {
  const { agents, label } = route;
  const before = task.trail?.attempts.at(-1)?.error;
  const options = before && { cause: before };
  const resting = agents.filter(({ failed }) => !failed);
  if (resting.length > 0) {
    const restsMs = resting.map((one) => restMs(one, nowMs));
    return new BreakerOpenError(task.id, agent, label, Math.min(...restsMs), options);
  }
  const code = agents.length === 0 ? 'AGENT_REMOVED' : 'AGENT_FAILED';
  return new TaskError(code, task.id, agent, `${label} ${route.whyClosed}`, options);
}

function restMs({ breaker }: AgentEntry, nowMs: number): number {
  return breaker?.retryAfterMs(nowMs) ?? 0;
}
