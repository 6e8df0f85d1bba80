import type { TaskErrorCode } from './errors.ts';

/** Options of what is kept of tasks that failed for good. */
export interface DeadLetterOptions {
  /**
   * What is kept: `poison` for tasks that killed as many threads as `poison.kills` allows, `failed` for all that end as
   * failed. Default `poison`.
   */
  readonly on?: 'poison' | 'failed';
  /** Most letters; beyond it the oldest is dropped, and counted. Default 1,000. */
  readonly limit?: number;
  /** How long a letter is kept, in milliseconds. Default: until there are too many. */
  readonly ttlMs?: number;
  /**
   * Where they are written to, before the task's outcome is known to its caller: `kill -9` loses none. Made if it is not
   * there; one engine at a time, on a local disk. Default: kept in memory only.
   */
  readonly folder?: string;
  /** Most bytes in the folder; beyond it the oldest letters are dropped. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** One execution, as a letter tells of it. */
export interface DeadLetterAttempt {
  readonly agent: string;
  readonly lane: 'threads' | 'loop';
  /** In milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly code: TaskErrorCode;
  readonly message: string;
}

/**
 * Whether a task can run again: its input was `kept`. Or it was `moved` to a thread by `transfer`; `not-exact`, so that it
 * would not come back from a file as it is (an instance of a class, a function); or `too-large` for the folder.
 */
export type InputState = 'kept' | 'moved' | 'not-exact' | 'too-large';

/** What is kept of a task that failed for good, without its input. Plain JSON. */
export interface DeadLetter {
  /** Its own, other than the task's: it stays the same over restarts, and when the task fails again. */
  readonly id: string;
  /** Of the execution that failed last; ids of tasks begin anew with each engine. */
  readonly taskId: string;
  /** The agent's name, or the capability, that was asked for. */
  readonly target: string | { readonly capability: string };
  /** The agent that ran it last; `null` if none did. */
  readonly agent: string | null;
  /** As an integer: `high` is 10, `normal` 0, `low` -10. */
  readonly priority: number;
  readonly tenant: string | null;
  readonly workflow: string | null;
  readonly tags: readonly string[];
  /** The caller's own limit on an attempt, in milliseconds. */
  readonly timeoutMs: number | null;
  readonly code: TaskErrorCode;
  readonly message: string;
  /** Oldest first. Empty for a task that never ran. */
  readonly attempts: readonly DeadLetterAttempt[];
  /** Threads that it took with it. */
  readonly kills: number;
  /** In milliseconds since the epoch. */
  readonly submittedAtMs: number;
  readonly failedAtMs: number;
  /** How often it was run again from here, and failed. */
  readonly redrives: number;
  /** What to do about it. */
  readonly suggestion: string;
  readonly inputState: InputState;
}

/** A letter with the input that the task was submitted with; `undefined` unless `inputState` is `kept`. */
export interface OpenDeadLetter extends DeadLetter {
  readonly input: unknown;
}

/** Which letters; all conditions that are given have to hold. None means all. */
export interface DeadLetterFilter {
  /** The agent that ran it last, or that was asked for. */
  readonly agent?: string;
  readonly capability?: string;
  readonly tenant?: string;
  readonly tag?: string;
  readonly code?: string;
}

/** What became of letters whose tasks were run again. */
export interface RedriveResult {
  /** Letters whose task completed; they are gone from the list. */
  readonly completed: number;
  /** Letters whose task failed again, was cancelled or shed; they stay. */
  readonly failed: number;
  /** Letters that could not be run, and why; they stay. The first 1,000. */
  readonly skipped: readonly { readonly id: string; readonly why: string }[];
}

export interface RedriveOptions {
  /** Starts no more tasks once it aborts; those that run go on. */
  readonly signal?: AbortSignal;
}

export interface DeadLetterStats {
  /** Letters there are now. */
  readonly count: number;
  /** Of these, letters whose task is on its way again. */
  readonly redriving: number;
  /** Since the start: letters that came, not counting those whose task failed again. */
  readonly added: number;
  /** Dropped because there were too many, or too many bytes. */
  readonly dropped: number;
  /** Dropped because they were older than `ttlMs`. */
  readonly expired: number;
  /** Whose task completed when it was run again. */
  readonly redriven: number;
}

/** Tasks that failed for good, and what can be done with them. */
export interface DeadLetters {
  /** Newest first; at most `limit`, default 100. */
  list(filter?: DeadLetterFilter & { readonly limit?: number }): readonly DeadLetter[];
  /** One letter with its input; `undefined` if there is none of that id. Rejects if its file cannot be read. */
  get(id: string): Promise<OpenDeadLetter | undefined>;
  /**
   * Runs the tasks of letters again, oldest first, through the same door as any task, at most 100 at once and no faster
   * than they are let in. A letter leaves the list when its task has completed; a process that is killed before that
   * has it still. Resolves when all have ended. A letter whose task is on its way already is skipped.
   */
  redrive(which: string | DeadLetterFilter, options?: RedriveOptions): Promise<RedriveResult>;
  /** Removes letters, not their tasks that may be on their way again; gives how many. */
  purge(which: string | DeadLetterFilter): number;
  stats(): DeadLetterStats;
}
