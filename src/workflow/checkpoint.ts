import { SpillwayError } from '../contract/errors.ts';
import type { EventStore } from '../contract/event-store.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { NotPlainError } from './plain-value.ts';
import type { Run } from './run.ts';
import { toSnapshot } from './snapshot.ts';
import { readToken, writeToken, wrongToken } from './token.ts';

/** Keeps the state of a run, and gives the token to go on from. @throws SpillwayError `WORKFLOW_STATE` if it cannot be kept */
export async function checkpoint(run: Run, store: EventStore<WorkflowEvent>): Promise<string> {
  const { id, version, state } = await run.inOrder(() => ({
    id: run.state.run,
    version: run.state.version,
    state: snapshotOf(run),
  }));
  await store.saveSnapshot(id, { version, state });
  return tokenOf(run, version);
}

/** A token that names what is kept, snapshot or not. */
export function tokenOf(run: Run, version = run.kept): string {
  const { run: id, workflow, hash } = run.state;
  return writeToken({ run: id, workflow, hash, version });
}

/** @throws SpillwayError `WORKFLOW_TOKEN` unless the token is of this run */
export function checkToken({ state }: Run, token: unknown): void {
  const { run, version, hash } = readToken(token);
  if (run !== state.run) {
    throw wrongToken(`it is of run "${run}", this is run "${state.run}"; resume that one`);
  }
  if (hash !== state.hash) {
    throw wrongToken(`run "${run}" goes by another definition now; take a new token with checkpoint()`);
  }
  if (version > state.version) throw newerToken(run, version, state.version);
}

export function newerToken(run: string, version: number, kept: number): SpillwayError {
  return wrongToken(
    `it was made after ${version} events of run "${run}", and ${kept} are kept here; resume on an engine with the journal that it was made with`,
  );
}

function snapshotOf(run: Run): ReturnType<typeof toSnapshot> {
  try {
    return toSnapshot(run.plan, run.state);
  } catch (error) {
    if (!(error instanceof NotPlainError)) throw error;
    const message = `run "${run.state.run}" cannot be kept: ${error.message}; let handlers return plain data`;
    throw new SpillwayError('WORKFLOW_STATE', message, { cause: error });
  }
}
