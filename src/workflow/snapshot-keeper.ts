import type { EventStore } from '../contract/event-store.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { checkpoint } from './checkpoint.ts';
import type { Run } from './run.ts';

/**
 * Keeps the state of a run every so many events, so that who goes on with it reads that and the events after it. A state
 * that has become large is kept less often: what it costs stays in proportion to what happens.
 */
export function keepSnapshots(run: Run, store: EventStore<WorkflowEvent>): void {
  const next = (): number => run.kept + Math.max(WORKFLOW_DEFAULTS.snapshotEvery, run.state.succeeded);
  let due = next();
  run.listen(() => {
    if (run.kept < due || run.state.status === 'ended') return;
    due = next();
    // Without it the run goes on, from all of its events; `checkpoint()` tells what of the state is no data.
    checkpoint(run, store).catch(() => undefined);
  });
}
