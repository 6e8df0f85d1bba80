import type { WireFailure } from '../src/contract/wire.ts';

/** Why an isolated task did not complete, where that is ours to name and not the handler's. */
export class IsolationFailure extends Error {
  readonly failure: WireFailure;
  constructor(failure: WireFailure, cause: unknown) {
    super(failure, { cause });
    this.failure = failure;
  }
}
