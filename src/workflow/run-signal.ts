import type { Run } from './run.ts';

/** Cancels the run when the signal aborts; lets go of the signal when the run has ended. */
export function cancelWith(signal: AbortSignal, run: Run): void {
  const cancel = (): void => void run.ask({ type: 'cancel' });
  if (signal.aborted) {
    queueMicrotask(cancel);
    return;
  }
  signal.addEventListener('abort', cancel, { once: true });
  const forget = (): void => signal.removeEventListener('abort', cancel);
  void run.ended.then(forget, forget);
}
