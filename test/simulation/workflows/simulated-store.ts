import type { EventStore } from '../../../src/contract/event-store.ts';
import type { WorkflowEvent } from '../../../src/contract/workflow-events.ts';
import { MemoryStore } from '../../../src/journal/memory-store.ts';
import type { SeededRandom } from '../../fixtures/seeded-random.ts';
import type { ProcessClock } from './process-clock.ts';

/** Who writes. */
export interface Writer {
  /** Writes of which it does not know yet that they are kept. */
  underWay: number;
  /** It was closed: it has to leave the store to others. */
  isClosed: boolean;
}

/** Keeps events beyond the death of the process that writes them; at once, or after a while, as a disk does. */
export class SimulatedStore {
  readonly #kept = new MemoryStore<WorkflowEvent>();
  readonly #streams: string[] = [];
  readonly faults: string[] = [];
  readonly #random: SeededRandom;
  readonly #isSlow: boolean;

  constructor(random: SeededRandom, isSlow: boolean) {
    this.#random = random;
    this.#isSlow = isSlow;
  }

  /** The streams in the order in which they began. */
  get streams(): readonly string[] {
    return this.#streams;
  }

  eventsOf(stream: string): readonly WorkflowEvent[] {
    return [...this.#kept.read(stream, 0)];
  }

  #append(stream: string, expectedVersion: number, events: readonly WorkflowEvent[]): void {
    if (this.#kept.version(stream) === 0) this.#streams.push(stream);
    this.#kept.append(stream, expectedVersion, events);
  }

  /** The store as a process sees it. */
  connect(clock: ProcessClock, writer: Writer): EventStore<WorkflowEvent> {
    const kept = this.#kept;
    return {
      append: (stream, expectedVersion, events) => {
        if (!clock.isAlive) return new Promise<void>(() => undefined);
        if (writer.isClosed)
          this.faults.push(`${stream}: an engine that was closed writes ${events[0]?.type}`);
        if (!this.#isSlow) return this.#append(stream, expectedVersion, events);
        // The process may die before they are kept, or before it knows that they are.
        const isKeptFirst = this.#random.chance(0.5);
        if (isKeptFirst) this.#append(stream, expectedVersion, events);
        writer.underWay++;
        return clock.sleep(this.#random.below(3)).then(() => {
          writer.underWay--;
          if (!isKeptFirst) this.#append(stream, expectedVersion, events);
        });
      },
      read: (stream, version) => kept.read(stream, version),
      version: (stream) => kept.version(stream),
      saveSnapshot: (stream, snapshot) => {
        if (clock.isAlive) kept.saveSnapshot(stream, structuredClone(snapshot));
      },
      loadSnapshot: (stream) => kept.loadSnapshot(stream),
      remove: (stream) => kept.remove(stream),
    };
  }
}
