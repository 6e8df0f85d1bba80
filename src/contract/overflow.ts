import type { Clock } from './clock.ts';
import type { ShedReason } from './errors.ts';
import type { Outcome } from './outcome.ts';

/** A task that was shed, as it can be written down and submitted again. */
export interface OverflowEntry {
  /** The agent's name, or the capability, that was asked for. */
  readonly target: string | { readonly capability: string };
  /** As the caller gave it, before any schema. */
  readonly input: unknown;
  /** As an integer: `high` is 10, `normal` 0, `low` -10. */
  readonly priority: number;
  readonly tenant: string | undefined;
  /** Left out if it has none. */
  readonly tags?: readonly string[];
  readonly workflow?: string;
  /** The caller's own limit on an attempt, in milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly reason: ShedReason;
  /** When it was shed, in milliseconds since the epoch. */
  readonly shedAtMs: number;
}

/** What a sink may ask of its engine, to bring back what it holds. */
export interface OverflowPort {
  readonly clock: Clock;
  /**
   * Submits an entry through the same door as any task; once let in it waits as long as it takes.
   * @returns its outcome, which never rejects; `undefined` if there is no room
   * @throws ConfigError if the agent is not known or its schema refuses the input, EngineClosedError while closing
   */
  submit(entry: OverflowEntry): Promise<Outcome> | undefined;
  /**
   * Resolves when a task for this target and of this priority would be let in.
   * Rejects when `signal` aborts, with ConfigError for an unknown agent, and with EngineClosedError.
   */
  ready(entry: Pick<OverflowEntry, 'target' | 'priority'>, signal: AbortSignal): Promise<void>;
  /** Load of what serves the target, 0 to 1, as admission sees it. @throws ConfigError for an unknown agent */
  load(target: OverflowEntry['target']): number;
  /** Reports an error as the engine's event `listenerError` with the name `overflow`. */
  failed(error: unknown): void;
}

/** What a sink holds. */
export interface OverflowSinkStats {
  /** Entries taken, now or by a process before this one, whose end is not known yet. */
  readonly waiting: number;
  /** Of these, entries that cannot be submitted before the next start, such as those that their schema refuses. */
  readonly setAside: number;
  /** Entries done with since the start. */
  readonly acknowledged: number;
  /** What it takes to hold them, in bytes. */
  readonly bytes: number;
}

/** Counts of an engine with a sink. */
export interface OverflowStats extends OverflowSinkStats {
  /** Shed tasks that the sink took, since the start. */
  readonly accepted: number;
  /** Shed tasks that were offered to the sink, and that it did not take. */
  readonly refused: number;
  /** Entries that were let in through the door again. */
  readonly resubmitted: number;
}

/**
 * Takes what the engine sheds and brings it back when load falls.
 *
 * Offered are tasks of `run` and `submit` that were turned away at the door, or that had waited for too long. Not
 * offered are tasks with a `signal`, a `transfer`, a deadline, or a retry policy of their own: neither the caller's wish to
 * stop, nor memory that is moved, nor functions can be written down, and a deadline does not wait. Streams wait instead
 * of being shed.
 */
export interface OverflowSink {
  /** Called once, before the engine takes tasks. An error fails `createEngine`. */
  start(port: OverflowPort): void | Promise<void>;
  /**
   * Takes an entry, or does not. On the hot path of an overloaded engine, and synchronous, since the caller's error
   * says at once whether the task is in good hands. After `true` the entry must not get lost. An error counts as `false`
   * and is reported as `listenerError`.
   */
  accept(entry: OverflowEntry): boolean;
  /** An error is reported as `listenerError`, and the counts are `NaN`. */
  stats(): OverflowSinkStats;
  /**
   * Called once, when the engine has ended all tasks. What is still held is left to the next start. The engine waits for as
   * long as `close()` waits for tasks.
   */
  close(): Promise<void>;
}

export function isOverflowSink(value: unknown): boolean {
  const sink = value as Partial<OverflowSink> | null;
  const methods = [sink?.start, sink?.accept, sink?.stats, sink?.close];
  return methods.every((method) => typeof method === 'function');
}
