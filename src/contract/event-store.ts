/**
 * Where the events of a stream are kept, in order. A stream is one workflow run, or one partition of an engine's tasks.
 * An operation that needs no waiting may answer at once, without a promise: its caller then goes on in the same turn.
 */
export interface EventStore<E = unknown> {
  /**
   * Adds events at the end of a stream.
   * @param expectedVersion how many events the stream has, as the caller knows it
   * @throws SpillwayError `STREAM_CONFLICT` if it has another number: nothing is added then
   */
  append(stream: string, expectedVersion: number, events: readonly E[]): void | Promise<void>;
  /** The events from number `version` on (the first is 0), in order. Ends at what was there when it was called. */
  read(stream: string, version: number): Iterable<E> | AsyncIterable<E>;
  /** How many events were ever added; 0 for a stream that there is not. */
  version(stream: string): number | Promise<number>;
  /** Keeps a state that stands for all events before `version`. A store may forget those events. */
  saveSnapshot(stream: string, snapshot: Snapshot): void | Promise<void>;
  /** The last one that was kept. */
  loadSnapshot(stream: string): Snapshot | undefined | Promise<Snapshot | undefined>;
  /** Forgets a stream. */
  remove(stream: string): void | Promise<void>;
}

/** A state, and how many events have led to it. */
export interface Snapshot {
  readonly version: number;
  /** Plain data. */
  readonly state: unknown;
}

/** What a store has to be able to do. */
export const STORE_METHODS = ['append', 'read', 'version', 'saveSnapshot', 'loadSnapshot', 'remove'] as const;

export function isEventStore(value: unknown): value is EventStore {
  const store = value as Partial<EventStore> | null | undefined;
  return STORE_METHODS.every((method) => typeof store?.[method] === 'function');
}
