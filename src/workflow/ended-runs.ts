import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { Run } from './run.ts';

/** Runs that have ended, as many as are still known by their id. */
export class EndedRuns {
  /** How large each is, the one first that ended first. */
  readonly #sizes = new Map<string, number>();
  #size = 0;

  /** Adds one, and gives the ids of those that are to be forgotten for it. The last one stays, however large it is. */
  add({ plan, state }: Run): readonly string[] {
    this.#remove(state.run);
    const size = plan.steps.length + state.succeeded + state.failed + state.version;
    this.#sizes.set(state.run, size);
    this.#size += size;
    const { endedRuns, endedSize } = WORKFLOW_DEFAULTS;
    const forgotten: string[] = [];
    for (const id of this.#sizes.keys()) {
      const isRoom = this.#sizes.size <= endedRuns && this.#size <= endedSize;
      if (isRoom || id === state.run) break;
      this.#remove(id);
      forgotten.push(id);
    }
    return forgotten;
  }

  #remove(id: string): void {
    this.#size -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }
}
