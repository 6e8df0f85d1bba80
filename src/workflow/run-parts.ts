import type { Clock } from '../contract/clock.ts';
import type { EventStore } from '../contract/event-store.ts';
import type { StartOptions } from '../contract/workflow.ts';
import type { Workflow } from '../contract/workflow-definition.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { NestedRun } from './nested-run.ts';
import type { Plan } from './plan.ts';
import type { WorkflowEngine } from './sender.ts';
import type { RunState } from './state.ts';

/** What a run is made of. */
export interface RunParts {
  readonly plan: Plan;
  readonly state: RunState;
  readonly store: EventStore<WorkflowEvent>;
  readonly engine: WorkflowEngine;
  readonly clock: Clock;
  readonly wallNow: () => number;
  readonly options: StartOptions;
  /** @param atRest called when it has come to rest */
  readonly startChild: (workflow: Workflow, input: unknown, id: string, atRest: () => void) => NestedRun;
}
