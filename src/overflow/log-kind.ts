import type { SpillwayError } from '../contract/errors.ts';
import type { Segment } from './segment.ts';

/** What a log is given, and gives back. Everything but the input has to be plain JSON. */
export interface LogEntry {
  readonly input: unknown;
}

/** What of an entry is known without reading its input, and its number in the log. */
export type LogMeta<E extends LogEntry> = Omit<E, 'input'> & { readonly id: number };

/** Where an entry stands. */
export interface LogPlace {
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;
}

/** An entry on disk that is not done: all of it that is kept in memory. */
export interface LogHeld extends LogPlace {
  readonly id: number;
}

/** What a log is for. */
export interface LogKind<E extends LogEntry, H extends LogHeld> {
  /** Starts the names of its files, and stands in their headers: one kind never takes the files of another for its own. */
  readonly name: string;
  /** What is kept in memory of an entry. */
  hold(meta: LogMeta<E>, place: LogPlace): H;
  /** The error for a folder that cannot be used. */
  unusable(folder: string, why: string, cause?: unknown): SpillwayError;
}
