import type { EventStore } from '../contract/event-store.ts';
import { describe } from '../contract/option-issue.ts';
import type { Workflow } from '../contract/workflow-definition.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { ResumeOptions } from '../contract/workflow-run.ts';
import type { RunSnapshot } from '../contract/workflow-snapshot.ts';
import { newerToken } from './checkpoint.ts';
import { differenceOf, stepHashesOf } from './definition-difference.ts';
import { loadRun } from './kept-run.ts';
import { planOf } from './plan.ts';
import { fromSnapshot } from './snapshot.ts';
import type { RunState } from './state.ts';
import { type ResumeToken, wrongToken } from './token.ts';

/**
 * The state that a token leads to, of the definition that is given: as it was kept, or carried over by `migrate`.
 * @throws SpillwayError `WORKFLOW_TOKEN` if the journal does not have the run, or has it with another definition
 */
export async function stateToResume(
  store: EventStore<WorkflowEvent>,
  workflow: Workflow,
  token: ResumeToken,
  migrate: ResumeOptions['migrate'],
): Promise<RunState> {
  const { run } = token;
  const version = await store.version(run);
  if (version === 0) {
    throw wrongToken(
      `there is no run "${run}" in the journal of this engine; give createEngine the journal that it was kept in`,
    );
  }
  if (version < token.version) throw newerToken(run, token.version, version);
  const kept = await loadRun(store, planOf(workflow), run);
  if ('state' in kept) return kept.state;
  const { snapshot } = kept;
  const difference =
    snapshot === undefined
      ? 'no checkpoint tells which steps differ'
      : differenceOf(snapshot.definition, workflow);
  if (migrate === undefined) {
    throw wrongToken(
      `run "${run}" was kept with another definition of workflow "${workflow.id}" (${difference}); resume it with that one, or give \`migrate\``,
    );
  }
  if (snapshot === undefined || snapshot.version !== version) {
    throw wrongToken(
      `run "${run}" went on after its last checkpoint and cannot be migrated from there; resume it with its own definition, stop it, and migrate with the token that gives`,
    );
  }
  return migrated(store, workflow, snapshot, await migrate(structuredClone(snapshot), snapshot.hash));
}

async function migrated(
  store: EventStore<WorkflowEvent>,
  workflow: Workflow,
  before: RunSnapshot,
  given: RunSnapshot,
): Promise<RunState> {
  const plan = planOf(workflow);
  const isSnapshot = typeof given === 'object' && given !== null && typeof given.steps === 'object';
  if (!isSnapshot) throw wrongToken(`migrate: expected it to give a snapshot, got ${describe(given)}`);
  const unknown = Object.keys(given.steps).find((name) => !plan.indexOf.has(name));
  if (unknown !== undefined) {
    throw wrongToken(
      `migrate: it gave a state of step "${unknown}", which workflow "${workflow.id}" does not have; leave it out, or give it to another`,
    );
  }
  const { run, version } = before;
  const state: RunSnapshot = {
    ...given,
    v: 1,
    run,
    version,
    workflow: workflow.id,
    hash: workflow.hash,
    definition: stepHashesOf(workflow),
  };
  let made: RunState;
  try {
    made = fromSnapshot(plan, state);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrongToken(`migrate: it gave something that is no snapshot: ${why}`);
  }
  await store.saveSnapshot(run, { version, state });
  return made;
}
