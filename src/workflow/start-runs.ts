import type { Agent } from '../contract/agent.ts';
import { type Clock, wallNowMs } from '../contract/clock.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { MemoryStore } from '../journal/memory-store.ts';
import { Runs } from './runs.ts';
import { type WorkflowEngine, withoutOverflow } from './sender.ts';

/** The runs of an engine, with their events in memory. */
export function startRuns(of: {
  readonly engine: WorkflowEngine & { stats(): { readonly overflow?: unknown } };
  readonly clock: Clock;
  readonly agents: () => readonly Agent[];
  readonly register: (agent: Agent) => Promise<unknown>;
}): Runs {
  const { clock, engine } = of;
  // One reading of the wall, and the monotonic clock from there: finer, and never backward.
  const startedAtMs = (clock.wallNow?.() ?? wallNowMs()) - clock.now();
  return new Runs({
    ...of,
    engine: engine.stats().overflow === undefined ? engine : withoutOverflow(engine),
    store: new MemoryStore<WorkflowEvent>(),
    wallNow: () => startedAtMs + clock.now(),
  });
}
