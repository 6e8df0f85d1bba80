/** The word of a mutex in shared memory, and the version of it that is this mutex's. */
export interface LockWordRef {
  readonly index: number;
  readonly version: number;
}
