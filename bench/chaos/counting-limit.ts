import type { Limit, PermitOutcome, Shed } from '../../src/contract/limit.ts';
import type { ChaosLog } from './log.ts';

const REFUSED: Shed = { reason: 'over-limit', load: 1, retryAfterMs: 1 };

/** The engine's limit in a chaos run: lets in whom the plan lets in, and writes down every permit that comes back. */
export class CountingLimit implements Limit {
  private readonly log: ChaosLog;
  /** Whether the next task is turned away. */
  refuses = false;

  constructor(log: ChaosLog) {
    this.log = log;
  }

  acquire(): Shed | undefined {
    return this.refuses ? REFUSED : undefined;
  }

  release(_outcome: PermitOutcome, waitMs: number, serviceMs: number): void {
    this.log.released(waitMs, serviceMs);
  }

  hasRoom(): boolean {
    return true;
  }

  load(): number {
    return 0;
  }
}
