import { EngineClosedError, SpillwayError } from '../contract/errors.ts';
import type { WorkflowResult } from '../contract/workflow.ts';
import type { Workflow } from '../contract/workflow-definition.ts';
import type { Run } from './run.ts';

/**
 * How deep workflows may lie in each other from this one on.
 * @throws SpillwayError `WORKFLOW_LIMIT` if it lies too deep itself
 */
export function levelsInside(levels: number, { id, maxDepth }: Workflow): number {
  const left = Math.min(levels - 1, maxDepth);
  if (left >= 1) return left;
  const message = `expected workflows to end that are made in each other as they run, got "${id}" beyond the maxDepth of one of them; let it come to an end, or raise maxDepth of the outermost`;
  throw new SpillwayError('WORKFLOW_LIMIT', message);
}

/** Nobody has to wait for it, or to undo anything. */
export function neverBegan(id: string): SpillwayError {
  return new SpillwayError('WORKFLOW_STATE', `run "${id}" never began`);
}

/** A run that was started, or found. */
export interface FoundRun {
  readonly run: Run;
  /** It had failed before it was asked for. */
  readonly hadFailed: boolean;
}

/** The run inside of another that was left, or where that had failed, or had another input, the next one. */
export async function openNested(id: string, start: (id: string) => Promise<FoundRun>): Promise<Run> {
  for (let count = 1; ; count++) {
    try {
      const { run, hadFailed } = await start(count === 1 ? id : `${id}#${count}`);
      // One that has failed since is what came of this attempt.
      if (!hadFailed) return run;
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
    const open = opening.catch((error: unknown): Promise<Run> => {
      if (!(error instanceof EngineClosedError)) throw error;
      // It is not begun, or gone on with, here: that is no failure, and it never ends.
      this.#isClosed = true;
      atRest();
      return new Promise(() => undefined);
    });
    this.opened = open.then((run) => run.state.run);
    this.ended = open.then((run) => {
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
