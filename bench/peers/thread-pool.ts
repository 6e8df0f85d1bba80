/** The handlers in handlers/work.js. */
export type HandlerName = 'echo' | 'spin';

/** How many threads every pool gets. */
export const THREADS = 2;

export const WORK_FILE = new URL('../handlers/work.js', import.meta.url);

/** A pool as the cases drive it. */
export interface ThreadPool {
  /** Runs one task. `agent` matters only to Spillway, where the same handler may stand behind several agents. */
  run(input: unknown, agent: string): Promise<unknown>;
  close(): Promise<void>;
}

/** How to set up one contender. */
export interface ThreadPeer {
  readonly name: string;
  open(handler: HandlerName): Promise<ThreadPool>;
}
