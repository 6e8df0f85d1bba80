import type { Clock } from '../contract/clock.ts';
import { EngineClosedError } from '../contract/errors.ts';
import type { EventStore } from '../contract/event-store.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { checkpoint, tokenOf } from './checkpoint.ts';
import type { Run } from './run.ts';

/** Lets what runs finish, and keeps where all of them stand, for at most so many milliseconds. */
export async function finish(
  runs: readonly Run[],
  store: EventStore<WorkflowEvent>,
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  if (runs.length === 0) return;
  const finished = Promise.all(
    runs.map(async (run) => {
      await run.close();
      // The events are kept, whether or not the state can be: without it the run goes on, and cannot be migrated.
      if (run.state.status !== 'ended') await checkpoint(run, store).catch(() => undefined);
    }),
  );
  let stopTimer: (() => void) | undefined;
  const timeout = new Promise<void>((resolve) => {
    stopTimer = clock.schedule(timeoutMs, resolve);
  });
  await Promise.race([finished, timeout]);
  stopTimer?.();
}

/** What `result()` of a run that has not ended rejects with, and what somebody is told who asks anything of a run. */
export function closedError(run: Run): EngineClosedError {
  const { run: id, workflow } = run.state;
  const token = tokenOf(run);
  if (run.state.status === 'ended') {
    return new EngineClosedError(
      `the engine was closed, and run "${id}" of workflow "${workflow}" has ended; on an engine with the same \`journal\`, engine.resume(workflow, error.resumeToken) gives it again`,
      token,
    );
  }
  return new EngineClosedError(
    `the engine was closed while run "${id}" of workflow "${workflow}" was under way: nothing of it has failed; on an engine with the same \`journal\`, engine.resume(workflow, error.resumeToken) goes on with it`,
    token,
  );
}
