import type { Clock } from '../contract/clock.ts';
import type { EventStore } from '../contract/event-store.ts';
import type { Waiter } from '../contract/waiter.ts';
import type { StartOptions } from '../contract/workflow.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { ChildStart, KeptClasses } from './execution.ts';
import type { NestedRun } from './nested-run.ts';
import type { Plan } from './plan.ts';
import type { WorkflowEngine } from './sender.ts';
import type { RunState } from './state.ts';

/** What a run is started with. */
export interface RunOptions extends StartOptions {
  /** Of a run inside of another: how deep workflows may lie in each other from here on. */
  readonly levels?: number;
  /** Of such a run: the step that waits for it. */
  readonly within?: Waiter | undefined;
}

/** What a run inside of another is started with. */
export interface NestedStart extends ChildStart {
  readonly id: string;
  /** Called when it has come to rest. */
  readonly atRest: () => void;
}

/** What a run is made of. */
export interface RunParts {
  readonly plan: Plan;
  readonly state: RunState;
  readonly store: EventStore<WorkflowEvent>;
  readonly engine: WorkflowEngine;
  readonly clock: Clock;
  readonly wallNow: () => number;
  readonly options: RunOptions;
  /** Of all runs of the engine. */
  readonly kept: KeptClasses;
  readonly startChild: (child: NestedStart) => NestedRun;
}
