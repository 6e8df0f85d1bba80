import type { EventStore } from '../contract/event-store.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { RunSnapshot } from '../contract/workflow-snapshot.ts';
import { evolve, stateBefore } from './evolve.ts';
import type { Plan } from './plan.ts';
import { fromSnapshot } from './snapshot.ts';
import type { RunState } from './state.ts';

/** A run as its store has it. */
export type KeptRun =
  | { readonly state: RunState }
  /** It was kept with another definition, and with a snapshot only if there was a checkpoint. */
  | { readonly workflow: string; readonly hash: string; readonly snapshot: RunSnapshot | undefined };

/** The state of a run, from its last snapshot and the events after it. */
export async function loadRun(store: EventStore<WorkflowEvent>, plan: Plan, id: string): Promise<KeptRun> {
  const snapshot = (await store.loadSnapshot(id))?.state as RunSnapshot | undefined;
  const { hash } = plan.workflow;
  if (snapshot !== undefined && snapshot.hash !== hash) {
    return { workflow: snapshot.workflow, hash: snapshot.hash, snapshot };
  }
  const state = snapshot === undefined ? stateBefore(plan) : fromSnapshot(plan, snapshot);
  for await (const event of store.read(id, state.version)) {
    if (event.type === 'run-started' && event.hash !== hash) {
      return { workflow: event.workflow, hash: event.hash, snapshot };
    }
    evolve(plan, state, event);
  }
  return { state };
}
