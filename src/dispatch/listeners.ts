import { ConfigError } from '../contract/errors.ts';
import type { TaskEvents } from '../contract/handle.ts';
import { describe } from '../contract/option-issue.ts';
import { BOUNDS } from '../contract/option-values.ts';
import type { Task } from '../contract/task.ts';

/** Adds a listener to a task; returns the function that removes it. */
export function addListener<E extends keyof TaskEvents>(
  task: Task,
  event: E,
  listener: (value: TaskEvents[E]) => void,
): () => void {
  if (event !== 'progress' && event !== 'partial' && event !== 'usage') {
    throw new ConfigError(
      'INVALID_OPTION',
      'event',
      `event: expected "progress", "partial" or "usage", got ${String(event)}`,
    );
  }
  if (typeof listener !== 'function') {
    const message = `listener: expected a function, got ${describe(listener)}`;
    throw new ConfigError('INVALID_OPTION', 'listener', message, { received: describe(listener) });
  }
  if (task.ended) return () => {};
  const { more } = task;
  more.listeners ??= {};
  more.listeners[event] ??= [];
  const list = more.listeners[event] as ((value: TaskEvents[E]) => void)[];
  if (list.length >= BOUNDS.listeners) {
    throw new ConfigError(
      'INVALID_OPTION',
      'listener',
      `a task takes at most ${BOUNDS.listeners} listeners an event`,
    );
  }
  list.push(listener);
  return () => {
    const at = list.indexOf(listener);
    if (at >= 0) list.splice(at, 1);
  };
}

/** Calls a task's listeners. One that throws is reported and keeps neither the others nor the task from going on. */
export function notify<E extends keyof TaskEvents>(
  task: Task,
  event: E,
  value: TaskEvents[E],
  onError: (event: string, error: unknown) => void,
): void {
  const list = task.extras?.listeners?.[event] as ((value: TaskEvents[E]) => void)[] | undefined;
  if (list === undefined) return;
  for (const listener of [...list]) {
    try {
      listener(value);
    } catch (error) {
      onError(event, error);
    }
  }
}
