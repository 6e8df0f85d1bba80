import type { Task } from '../contract/task.ts';

/**
 * Cancels tasks when their caller's AbortSignal aborts. However many tasks share a signal, it gets one listener, so
 * that a signal used for thousands of tasks neither warns of a leak nor makes removal slow.
 */
export class SignalHub {
  private readonly tasks = new WeakMap<AbortSignal, Set<Task>>();

  watch(task: Task, signal: AbortSignal): void {
    const set = this.tasks.get(signal) ?? this.listen(signal);
    set.add(task);
    task.more.unlisten = () => void set.delete(task);
  }

  private listen(signal: AbortSignal): Set<Task> {
    const set = new Set<Task>();
    this.tasks.set(signal, set);
    signal.addEventListener(
      'abort',
      () => {
        for (const task of set) task.cancel(signal.reason);
      },
      { once: true },
    );
    return set;
  }
}
