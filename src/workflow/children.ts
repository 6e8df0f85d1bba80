import type { RunStatus } from '../contract/workflow.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { NestedStatus, WorkflowStatus } from '../contract/workflow-status.ts';
import type { ChildRun } from './execution.ts';
import type { FollowedControl, NestedRun } from './nested-run.ts';

/** What somebody asks of a run, its nested runs do as well. */
const FOLLOWED: Readonly<Partial<Record<WorkflowEvent['type'], FollowedControl>>> = {
  'run-paused': 'pause',
  'run-resumed': 'resume',
  'run-restarted': 'resume',
  'run-stopping': 'stop',
};

/** One that was left where it was has to be told how things stand. */
const TOLD: Readonly<Partial<Record<RunStatus, FollowedControl>>> = {
  running: 'resume',
  paused: 'pause',
  stopping: 'stop',
  stopped: 'stop',
};

/** The runs inside of a run. */
export class Children {
  readonly #open = new Set<NestedRun>();
  /** Their ids, by step and item or turn: of these as long as they have not ended, of a step the last one. */
  readonly #ids = new Map<string, Map<number | undefined, string>>();
  readonly #isLeft: () => boolean;

  /** @param isLeft where the run only leaves off, those inside of it do, too */
  constructor(isLeft: () => boolean) {
    this.#isLeft = isLeft;
  }

  /** @param name of its step, and after a slash of its item or turn */
  add(child: NestedRun, name: string, status: RunStatus): ChildRun {
    this.#open.add(child);
    const [step = '', of] = name.split('/');
    const item = of === undefined ? undefined : Number(of);
    const ids = this.#ids.get(step) ?? new Map<number | undefined, string>();
    this.#ids.set(step, ids);
    const gone = (): void => {
      this.#open.delete(child);
      if (item !== undefined) ids.delete(item);
    };
    child.opened.then((id) => ids.set(item, id), gone);
    child.ended.then(gone, gone);
    const control = TOLD[status];
    if (control !== undefined) child.follow(control);
    return {
      ended: child.ended,
      cancel: () => {
        if (!this.#isLeft()) child.follow('cancel');
      },
    };
  }

  mind({ type }: WorkflowEvent): void {
    const control = FOLLOWED[type];
    if (control === undefined) return;
    for (const child of this.#open) child.follow(control);
  }

  /** How far the first of those are that do the work of a step. */
  statusesIn(step: string, statusOf: (id: string) => WorkflowStatus | undefined): readonly NestedStatus[] {
    const listed: NestedStatus[] = [];
    for (const [item, id] of this.#ids.get(step) ?? []) {
      if (listed.length === WORKFLOW_DEFAULTS.nestedListed) break;
      const status = statusOf(id);
      if (status !== undefined) listed.push({ ...(item !== undefined && { item }), status });
    }
    return listed;
  }

  /** Names, as they were given, with ids: of these, too, that have ended, as far as they are listed. */
  *[Symbol.iterator](): Iterator<readonly [name: string, step: string, id: string]> {
    for (const [step, ids] of this.#ids) {
      for (const [item, id] of ids) yield [item === undefined ? step : `${step}/${item}`, step, id];
    }
  }

  /** How many have stopped: they take a place, and nothing of them is under way. */
  get atRest(): number {
    let count = 0;
    for (const { isAtRest } of this.#open) if (isAtRest) count++;
    return count;
  }
}
