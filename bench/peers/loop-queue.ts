/** A task of the loop cases: it ends at once, but it is a promise. */
export type LoopWork = (input: number) => Promise<number>;

/** A queue as the cases drive it: every call returns a promise of the task's value. */
export interface LoopQueue {
  run(input: number): Promise<unknown>;
  close(): Promise<void>;
}

/** How to set up one contender. */
export interface LoopPeer {
  readonly name: string;
  /** Most tasks that it can get through in a reasonable time; default no bound. */
  readonly mostTasks?: number;
  /** `limit` is how many tasks may be in flight. */
  open(work: LoopWork, limit: number): Promise<LoopQueue>;
}

export async function nothingToClose(): Promise<void> {}
