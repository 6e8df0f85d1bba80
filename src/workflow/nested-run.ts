import { SpillwayError } from '../contract/errors.ts';
import type { WorkflowResult } from '../contract/workflow.ts';
import type { Run } from './run.ts';

/** How runs are found and started. */
export interface NestedParts {
  /** Whether there is a run of that id already, here or in the store. */
  readonly isThere: (id: string) => Promise<boolean>;
  readonly start: (id: string) => Promise<{ readonly run: Run }>;
}

/** The run inside of another that was left, or where that has failed, or had another input, the next one. */
export async function openNested(id: string, { isThere, start }: NestedParts): Promise<Run> {
  for (let count = 1; ; count++) {
    const nestedId = count === 1 ? id : `${id}#${count}`;
    const isNew = !(await isThere(nestedId));
    try {
      const { run } = await start(nestedId);
      // A new one may have failed by now, and is what came of this attempt.
      if (isNew || run.state.result !== 'failed') return run;
    } catch (error) {
      if (!(error instanceof SpillwayError && error.code === 'WORKFLOW_CONFLICT')) throw error;
    }
  }
}

/** What a run does because the one that it is inside of does. */
export type FollowedControl = 'pause' | 'resume' | 'stop' | 'cancel';

/** A run inside of another, as that one sees it. */
export class NestedRun {
  readonly ended: Promise<WorkflowResult>;
  /** Its id, once it is there. */
  readonly opened: Promise<string>;
  readonly #opening: Promise<Run>;
  #run: Run | undefined;
  #isClosed = false;

  /** @param atRest called when it has come to rest */
  constructor(opening: Promise<Run>, atRest: () => void) {
    this.#opening = opening;
    this.opened = opening.then((run) => run.state.run);
    this.ended = opening.then((run) => {
      this.#run = run;
      run.listen(() => {
        if (this.isAtRest) atRest();
      });
      void run.closed.promise.then(() => {
        this.#isClosed = true;
        atRest();
      });
      return run.ended;
    });
  }

  /** It has stopped, and goes on when the run does that it is inside of. */
  get isAtRest(): boolean {
    return this.#isClosed || this.#run?.state.status === 'stopped';
  }

  /** What cannot be asked of it now has no effect. */
  follow(type: FollowedControl): void {
    // One that is undoing what it did goes on to its end; of one that could not be started `ended` tells why.
    void this.#opening.then((run) => run.ask({ type })).catch(() => undefined);
  }
}
