import { SpillwayError } from '../contract/errors.ts';
import type { EventStore, Snapshot } from '../contract/event-store.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';

interface Stream<E> {
  /** How many events were forgotten from the front. */
  forgotten: number;
  events: E[];
  snapshot: Snapshot | undefined;
}

/**
 * Keeps events in memory: as fast as it gets, and gone with the process. What a snapshot stands for is forgotten, but for
 * the last so many events, which somebody may still be reading.
 */
export class MemoryStore<E = unknown> implements EventStore<E> {
  readonly #streams = new Map<string, Stream<E>>();
  readonly #keep: number;

  /** @param keep events of a stream that stay whatever snapshot there is. Default 10,000. */
  constructor(keep: number = WORKFLOW_DEFAULTS.snapshotEvery) {
    this.#keep = keep;
  }

  append(name: string, expectedVersion: number, events: readonly E[]): void {
    const stream = this.#streams.get(name);
    const version = stream === undefined ? 0 : stream.forgotten + stream.events.length;
    if (version !== expectedVersion) throw conflict(name, expectedVersion, version);
    if (stream === undefined) {
      this.#streams.set(name, { forgotten: 0, events: [...events], snapshot: undefined });
    } else {
      for (const event of events) stream.events.push(event);
    }
  }

  read(name: string, version: number): Iterable<E> {
    const stream = this.#streams.get(name);
    return stream === undefined ? [] : stream.events.slice(Math.max(0, version - stream.forgotten));
  }

  version(name: string): number {
    const stream = this.#streams.get(name);
    return stream === undefined ? 0 : stream.forgotten + stream.events.length;
  }

  saveSnapshot(name: string, snapshot: Snapshot): void {
    const stream = this.#streams.get(name);
    if (stream === undefined || snapshot.version > stream.forgotten + stream.events.length) {
      throw conflict(name, snapshot.version, this.version(name));
    }
    if (snapshot.version < stream.forgotten) return;
    stream.snapshot = snapshot;
    const last = stream.forgotten + stream.events.length - this.#keep;
    const forget = Math.min(snapshot.version, last) - stream.forgotten;
    if (forget <= 0) return;
    stream.events = stream.events.slice(forget);
    stream.forgotten += forget;
  }

  loadSnapshot(name: string): Snapshot | undefined {
    return this.#streams.get(name)?.snapshot;
  }

  remove(name: string): void {
    this.#streams.delete(name);
  }
}

function conflict(stream: string, expected: number, found: number): SpillwayError {
  const message = `stream "${stream}": expected ${expected} events, found ${found}; somebody else writes it, read it again`;
  return new SpillwayError('STREAM_CONFLICT', message);
}
