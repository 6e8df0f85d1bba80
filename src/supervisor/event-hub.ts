import { ConfigError } from '../contract/errors.ts';
import type { EngineEvents } from '../contract/events.ts';
import { describe } from '../contract/option-issue.ts';
import { BOUNDS } from '../contract/option-values.ts';

type Listener = (value: never) => void;
const EVENTS = [
  'threadLost',
  'threadReady',
  'threadRecycled',
  'threadsBlocked',
  'scaled',
  'agentState',
  'breaker',
  'retry',
  'fallback',
  'infeasible',
  'budget',
  'deadLetter',
  'listenerError',
] as const;

/** Hands engine events to their listeners. One that throws is reported as `listenerError`, and that is all it does. */
export class EventHub {
  private readonly listeners = new Map<keyof EngineEvents, Listener[]>();

  on<E extends keyof EngineEvents>(event: E, listener: (value: EngineEvents[E]) => void): () => void {
    if (!EVENTS.includes(event)) {
      const message = `event: expected one of ${EVENTS.join(', ')}, got ${String(event)}`;
      throw new ConfigError('INVALID_OPTION', 'event', message);
    }
    if (typeof listener !== 'function') {
      const message = `listener: expected a function, got ${describe(listener)}`;
      throw new ConfigError('INVALID_OPTION', 'listener', message, { received: describe(listener) });
    }
    const list = this.listeners.get(event) ?? [];
    if (list.length >= BOUNDS.listeners) {
      throw new ConfigError('INVALID_OPTION', 'listener', `at most ${BOUNDS.listeners} listeners an event`);
    }
    this.listeners.set(event, [...list, listener]);
    return () => {
      this.listeners.set(
        event,
        (this.listeners.get(event) ?? []).filter((other) => other !== listener),
      );
    };
  }

  emit<E extends keyof EngineEvents>(event: E, value: EngineEvents[E]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      try {
        listener(value as never);
      } catch (error) {
        if (event !== 'listenerError') this.failed(event, error);
      }
    }
  }

  /** Something that is not the engine's failed while it was called. */
  failed(event: string, error: unknown): void {
    this.emit('listenerError', { event, error });
  }
}
