/** Of the tasks 10 % are of high priority, 30 % of normal and 60 % of low. */
export const PRIORITY_SHARES = { high: 0.1, normal: 0.3, low: 0.6 } as const;

export type PriorityName = keyof typeof PRIORITY_SHARES;

/** What became of a task that was sent. */
export interface Ending {
  readonly status: 'completed' | 'rejected' | 'failed';
  /** When the contender wants it again, if it says so. */
  readonly retryAfterMs?: number;
}

/** A contender that is set up. */
export interface Opened {
  /** Sends a task; never rejects. */
  send(input: number, priority: PriorityName): Promise<Ending>;
  /** Drops what still waits. */
  close(): Promise<void>;
}

/** Somebody who gets the load. */
export interface OverloadContender {
  readonly name: string;
  open(): Promise<Opened>;
}

const COMPLETED: Ending = { status: 'completed' };

/** How a promise of a peer ends. `isRejection` tells a task that was turned away from one that failed. */
export function endingOf(
  result: Promise<unknown>,
  isRejection: (error: unknown) => boolean,
): Promise<Ending> {
  return result.then(
    () => COMPLETED,
    (error: unknown) => ({ status: isRejection(error) ? 'rejected' : 'failed' }),
  );
}
