import { mayGoUnheard } from '../contract/rejected.ts';

/** A promise that is settled from outside. */
export interface Settleable<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
  isSettled(): boolean;
}

/** Node.js 20 has no `Promise.withResolvers`. Nobody has to wait for it. */
export function settleable<T>(): Settleable<T> {
  let settled = false;
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  mayGoUnheard(promise);
  return {
    promise,
    resolve(value) {
      settled = true;
      resolve(value);
    },
    reject(error) {
      settled = true;
      reject(error);
    },
    isSettled: () => settled,
  };
}
