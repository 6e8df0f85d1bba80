import type { Agent } from '../contract/agent.ts';
import type { Clock } from '../contract/clock.ts';
import type { EventStore } from '../contract/event-store.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { WorkflowEngine } from './sender.ts';

/** What the runs of an engine are made of. */
export interface RunsParts {
  readonly engine: WorkflowEngine;
  readonly store: EventStore<WorkflowEvent>;
  /** The store is somebody's: what has ended stays in it. */
  readonly isStoreGiven: boolean;
  readonly clock: Clock;
  readonly wallNow: () => number;
  /** The agents that are registered now. */
  readonly agents: () => readonly Agent[];
  /** Adds an agent of ours. */
  readonly register: (agent: Agent) => Promise<unknown>;
}
