/** How long to wait, and until when. */
export interface WaitOptions {
  /** Longest wait, in milliseconds; then the wait is rejected with `SYNC_TIMEOUT`. Default: as long as it takes. */
  readonly timeoutMs?: number;
  /** Withdraws the wait when it aborts; the wait is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What was acquired. Give it back with `release()`, or declare it with `using`. */
export interface Lock extends Disposable, AsyncDisposable {
  /** Of the mutex or semaphore. */
  readonly name: string;
  /** Permits that it holds; 1 for a mutex. */
  readonly permits: number;
  /** Whether it is held no more: released, or taken back because its task has ended. */
  readonly released: boolean;
  /**
   * The holder before was cut short (its thread died, its task was cancelled or ended without a release): what the lock
   * guards may be half changed. Said once, to the next holder.
   */
  readonly recovered: boolean;
  /**
   * Gives it back to whoever has waited longest. Without effect once its task has ended, which gave it back.
   * @throws SyncError `LOCK_RELEASED` if it was released before.
   */
  release(): void;
}

/** One holder at a time; waiters get it in the order in which they came. Not reentrant. */
export interface Mutex {
  readonly name: string;
  /** Resolves with the lock. Rejects with a SyncError, or the reason of the signal. */
  acquire(options?: WaitOptions): Promise<Lock>;
  /** Calls `fn` while holding the mutex; gives what it gives. */
  withLock<T>(fn: (lock: Lock) => T | Promise<T>, options?: WaitOptions): Promise<T>;
}

/** So many permits; waiters get theirs in the order in which they came, however few a later one asks for. */
export interface Semaphore {
  readonly name: string;
  /** Permits in all. */
  readonly size: number;
  /** Resolves with `permits` of them, 1 unless given. Rejects with a SyncError, or the reason of the signal. */
  acquire(permits?: number, options?: WaitOptions): Promise<Lock>;
  /** Calls `fn` while holding one permit; gives what it gives. */
  withLock<T>(fn: (lock: Lock) => T | Promise<T>, options?: WaitOptions): Promise<T>;
}

/** Where a round of `size` parties waits for each other. Used again for the next round. */
export interface Barrier {
  readonly name: string;
  /** Parties of a round. */
  readonly size: number;
  /** Resolves when the round is complete. Rejects with a SyncError, or the reason of the signal; that breaks the round. */
  wait(options?: WaitOptions): Promise<BarrierTurn>;
}

export interface BarrierTurn {
  /** Which round, from 0. */
  readonly round: number;
  /** The how manieth of its round this one was, from 0; the last has `size - 1`. */
  readonly position: number;
}

/**
 * Mutexes, semaphores and barriers of an engine, by name: the same name is the same thing on both lanes and outside. Each
 * kind has names of its own. A name is a text of 1 to 200 characters.
 */
export interface Sync {
  mutex(name: string): Mutex;
  /** @throws ConfigError if the name is in use with another size. On a thread that shows when it is acquired. */
  semaphore(name: string, size: number): Semaphore;
  /** @throws ConfigError if the name is in use with another size. On a thread that shows at `wait()`. */
  barrier(name: string, size: number): Barrier;
  /**
   * A party of its own: one flow of control, for which deadlocks are found and which gives back what it holds when it
   * ends. A task is one party; where a handler does several things at once, each that takes locks is to be a party.
   * @param label names it in pictures and errors
   */
  party(label: string): SyncParty;
}

/** A party that was asked for. Ends with its task at the latest. */
export interface SyncParty extends Omit<Sync, 'party'>, Disposable, AsyncDisposable {
  readonly label: string;
  /** Gives back what it holds and withdraws what it waits for. Idempotent. */
  end(): void;
}

/** `engine.sync`: what is acquired here belongs to no task; each call is a party of its own. */
export interface EngineSync extends Sync {
  /** Who holds what and who waits for it, as of now. What a thread gives back is shown until word of it has come. */
  inspect(): SyncPicture;
}

export type SyncKind = 'mutex' | 'semaphore' | 'barrier';

/** Who holds or waits. */
export interface SyncPartyInfo {
  /** One line that names it. */
  readonly label: string;
  /** `undefined` for code outside of handlers. */
  readonly taskId: string | undefined;
  readonly agent: string | undefined;
  /** Of the thread that it runs on, if it does. */
  readonly threadId: number | undefined;
}

/** One hold, or one wait. */
export interface SyncShare extends SyncPartyInfo {
  readonly permits: number;
  /** How long it has been so, in milliseconds. */
  readonly forMs: number;
}

/** A mutex, semaphore or barrier that somebody holds or waits for. */
export interface SyncResource {
  readonly kind: SyncKind;
  readonly name: string;
  readonly size: number;
  /** Permits that are free; for a barrier, parties that are missing. */
  readonly free: number;
  /** The first 100. Always empty for a barrier. */
  readonly holders: readonly SyncShare[];
  /** How many wait. */
  readonly waiting: number;
  /** The first 100 of those that wait, in the order of their turn. */
  readonly waiters: readonly SyncShare[];
}

/** Who holds what and who waits for it. Plain data. */
export interface SyncPicture {
  /** The first 1,000 that are in use. */
  readonly resources: readonly SyncResource[];
}
