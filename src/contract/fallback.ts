import type { TaskError } from './errors.ts';

/**
 * What a task goes on to when its agent has failed it for good: another agent, by its name, or a function of the input
 * and of the error that gives a value in place of the agent's.
 */
export type FallbackStep<I, O> = string | ((input: I, error: TaskError) => O | Promise<O>);

/** Set on the outcome of a task whose value comes from its fallback. */
export interface Degraded {
  /** What the agent that was asked for failed with. */
  readonly error: TaskError;
  /** The agent that gave the value instead; `undefined` for a function. */
  readonly by: string | undefined;
}
