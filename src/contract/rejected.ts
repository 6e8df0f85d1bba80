/** A rejected promise that nobody has to wait for. */
export function rejected(error: unknown): Promise<never> {
  return mayGoUnheard(Promise.reject(error));
}

/** The same promise; if it is rejected and nobody waits for it, the process goes on. */
export function mayGoUnheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
