import type { EventStore } from '../contract/event-store.ts';
import type { EventBody, WorkflowEvent } from '../contract/workflow-events.ts';
import { evolve } from './evolve.ts';
import type { Plan } from './plan.ts';
import { react } from './react.ts';
import type { RunState } from './state.ts';

interface LogParts {
  readonly plan: Plan;
  readonly state: RunState;
  readonly store: EventStore<WorkflowEvent>;
  readonly wallNow: () => number;
}

/** Where what happens to a run becomes events: they change the state, and are kept. */
export class RunLog {
  readonly #parts: LogParts;
  readonly #told: () => void;
  readonly #broken: (error: unknown) => void;
  readonly #listeners = new Set<(events: readonly WorkflowEvent[]) => void>();
  /** The store has not said yet that it has kept them: nothing may be done upon them before. */
  isWriting = false;

  /** How many events are kept. */
  kept: number;

  constructor(parts: LogParts, told: () => void, broken: (error: unknown) => void) {
    this.#parts = parts;
    this.kept = parts.state.version;
    this.#told = told;
    this.#broken = broken;
  }

  /** Called with what has happened, after it is kept. Returns what removes it. */
  listen(listener: (events: readonly WorkflowEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Adds what happens, and all that follows from it. Returns the events. */
  commit(bodies: readonly EventBody[]): readonly WorkflowEvent[] {
    const { state, plan, store, wallNow } = this.#parts;
    const before = state.version;
    const atMs = wallNow();
    const events: WorkflowEvent[] = [];
    const add = (body: EventBody): void => {
      const event: WorkflowEvent = { v: 1, seq: state.version, atMs, ...body };
      evolve(plan, state, event);
      events.push(event);
    };
    for (const body of bodies) add(body);
    // Grows while it is gone through.
    for (let at = 0; at < events.length; at++) {
      for (const body of react(plan, state, events[at]!)) add(body);
    }
    const kept = store.append(state.run, before, events);
    if (kept === undefined) {
      this.#tell(events);
      return events;
    }
    this.isWriting = true;
    kept.then(
      () => {
        this.isWriting = false;
        this.#tell(events);
        this.#told();
      },
      (error: unknown) => {
        this.isWriting = false;
        this.#broken(error);
      },
    );
    return events;
  }

  /** Nothing more is kept: who waits for more has to know. */
  wake(): void {
    this.#tell([]);
  }

  #tell(events: readonly WorkflowEvent[]): void {
    this.kept += events.length;
    for (const listener of this.#listeners) listener(events);
  }
}
