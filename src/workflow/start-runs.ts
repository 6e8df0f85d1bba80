import type { Agent } from '../contract/agent.ts';
import { type Clock, wallNowMs } from '../contract/clock.ts';
import type { EventStore } from '../contract/event-store.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { MemoryStore } from '../journal/memory-store.ts';
import { Runs } from './runs.ts';
import { type WorkflowEngine, withoutOverflow } from './sender.ts';

/** The runs of an engine. */
export function startRuns(of: {
  readonly engine: WorkflowEngine & { stats(): { readonly overflow?: unknown } };
  readonly clock: Clock;
  readonly agents: () => readonly Agent[];
  readonly register: (agent: Agent) => Promise<unknown>;
  /** Default: in memory. */
  readonly journal: EventStore | undefined;
}): Runs {
  const { clock, engine, journal } = of;
  // One reading of the wall, and the monotonic clock from there: finer, and never backward.
  const startedAtMs = (clock.wallNow?.() ?? wallNowMs()) - clock.now();
  return new Runs({
    ...of,
    engine: engine.stats().overflow === undefined ? engine : withoutOverflow(engine),
    store: (journal as EventStore<WorkflowEvent> | undefined) ?? new MemoryStore<WorkflowEvent>(),
    isStoreGiven: journal !== undefined,
    wallNow: () => startedAtMs + clock.now(),
  });
}
