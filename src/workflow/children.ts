import type { RunStatus } from '../contract/workflow.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
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

/** The runs inside of a run that have not ended. */
export class Children {
  readonly #open = new Set<NestedRun>();
  readonly #isLeft: () => boolean;

  /** @param isLeft where the run only leaves off, those inside of it do, too */
  constructor(isLeft: () => boolean) {
    this.#isLeft = isLeft;
  }

  add(child: NestedRun, status: RunStatus): ChildRun {
    this.#open.add(child);
    const gone = (): void => void this.#open.delete(child);
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

  /** How many have stopped: they take a place, and nothing of them is under way. */
  get atRest(): number {
    let count = 0;
    for (const { isAtRest } of this.#open) if (isAtRest) count++;
    return count;
  }
}
