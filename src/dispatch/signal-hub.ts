import type { Task } from '../contract/task.ts';

/** The tasks of one signal, and the one listener that it has for them. */
interface Watch {
  readonly tasks: Set<Task>;
  readonly onAbort: () => void;
}

/**
 * Cancels tasks when their caller's AbortSignal aborts. However many tasks share a signal, it gets one listener, so
 * that a signal used for thousands of tasks neither warns of a leak nor makes removal slow.
 */
export class SignalHub {
  private readonly tasks = new WeakMap<AbortSignal, Watch>();

  watch(task: Task, signal: AbortSignal): void {
    const watch = this.tasks.get(signal) ?? this.listen(signal);
    watch.tasks.add(task);
    task.more.unlisten = () => {
      watch.tasks.delete(task);
      if (watch.tasks.size > 0) return;
      signal.removeEventListener('abort', watch.onAbort);
      this.tasks.delete(signal);
    };
  }

  private listen(signal: AbortSignal): Watch {
    const tasks = new Set<Task>();
    const onAbort = () => {
      for (const task of tasks) task.cancel(signal.reason);
    };
    const watch = { tasks, onAbort };
    this.tasks.set(signal, watch);
    signal.addEventListener('abort', onAbort, { once: true });
    return watch;
  }
}
