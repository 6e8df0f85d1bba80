import type { Clock } from '../contract/clock.ts';
import type { Limit, PermitOutcome, Shed } from '../contract/limit.ts';

/** Somebody who waits until a task of their level would be let in. */
interface Waiter {
  readonly level: number;
  readonly wake: () => void;
}

/** What the door answers for a limit that fails: as if it were full. */
const POLICY_FAILED: Shed = { reason: 'policy-failed', load: 1, retryAfterMs: 1_000 };

/** The door: asks the limit, counts who is inside, and wakes those who wait for room. */
export class Gate {
  private readonly limit: Limit;
  private readonly onPolicyError: (error: unknown) => void;
  private readonly waiters = new Set<Waiter>();
  private wakeScheduled = false;
  private onEmpty: (() => void) | undefined = undefined;
  /** Tasks let in whose outcome is not known yet. */
  inside = 0;

  constructor(limit: Limit, onPolicyError: (error: unknown) => void) {
    this.limit = limit;
    this.onPolicyError = onPolicyError;
  }

  enter(level: number): Shed | undefined {
    let shed: Shed | undefined;
    try {
      shed = this.limit.acquire(level);
    } catch (error) {
      this.onPolicyError(error);
      return POLICY_FAILED;
    }
    if (shed === undefined) {
      this.inside++;
      return undefined;
    }
    if (isShed(shed)) return shed;
    this.onPolicyError(new TypeError('the limit must return undefined or { reason, load, retryAfterMs }'));
    return POLICY_FAILED;
  }

  leave(outcome: PermitOutcome, waitMs: number, serviceMs: number): void {
    this.inside--;
    try {
      this.limit.release(outcome, waitMs, serviceMs);
    } catch (error) {
      this.onPolicyError(error);
    }
    this.roomMade();
    if (this.inside === 0) this.onEmpty?.();
  }

  /** There may be room that was not there before. */
  roomMade(): void {
    if (this.waiters.size > 0) this.scheduleWake();
  }

  /** Resolves when nobody is inside any more, or after `timeoutMs`. */
  empty(timeoutMs: number, clock: Clock): Promise<void> {
    if (this.inside === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancelTimer = clock.schedule(timeoutMs, resolve);
      this.onEmpty = () => {
        cancelTimer();
        resolve();
      };
    });
  }

  load(): number {
    try {
      return this.limit.load();
    } catch (error) {
      this.onPolicyError(error);
      return 1;
    }
  }

  hasRoom(level: number): boolean {
    try {
      return this.limit.hasRoom(level);
    } catch (error) {
      this.onPolicyError(error);
      return false;
    }
  }

  /** Resolves when there may be room for the level, when the signal aborts, or when everybody is woken. */
  change(level: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        this.waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { level, wake };
      this.waiters.add(waiter);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Wakes everybody, room or not: the engine closes. */
  wakeAll(): void {
    for (const waiter of this.waiters) {
      waiter.wake();
    }
  }

  /** Once a turn, however many leave in it. */
  private scheduleWake(): void {
    if (this.wakeScheduled) return;
    this.wakeScheduled = true;
    queueMicrotask(() => {
      this.wakeScheduled = false;
      for (const waiter of this.waiters) {
        if (!this.hasRoom(waiter.level)) continue;
        waiter.wake();
      }
    });
  }
}

/** A user's limit may return anything. */
function isShed(value: unknown): value is Shed {
  const shed = value as Partial<Shed> | null;
  return typeof shed?.reason === 'string' && Number.isFinite(shed.load) && Number.isFinite(shed.retryAfterMs);
}
