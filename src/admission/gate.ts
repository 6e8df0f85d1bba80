import type { Clock } from '../contract/clock.ts';
import type { Limit, PermitOutcome, Shed } from '../contract/limit.ts';
import { ShedCounts } from './shed-counts.ts';

/** What the door answers for a limit that fails: as if it were full. */
const POLICY_FAILED: Shed = { reason: 'policy-failed', load: 1, retryAfterMs: 1_000 };

/** The door: asks the limit, counts who is inside, and wakes those who wait for room. */
export class Gate {
  private readonly limit: Limit;
  private readonly clock: Clock;
  private readonly onPolicyError: (error: unknown) => void;
  /** What wakes those who wait until a task of their level would be let in, by level, first come first. */
  private readonly waiters = new Map<number, Set<() => void>>();
  /** How many to wake: as many as have left. */
  private wakes = 0;
  private wakeScheduled = false;
  private lookScheduled = false;
  private onEmpty: (() => void) | undefined = undefined;
  /** Whether there is room behind the door. While there is none nobody is woken, whatever the limit says. */
  hasRoomInside: () => boolean = () => true;
  readonly sheds = new ShedCounts();
  /** Tasks let in whose outcome is not known yet. */
  inside = 0;

  constructor(limit: Limit, clock: Clock, onPolicyError: (error: unknown) => void) {
    this.limit = limit;
    this.clock = clock;
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

  /** There may be room for one that was not there before. */
  roomMade(): void {
    if (this.waiters.size === 0) return;
    this.wakes++;
    if (this.wakeScheduled) return;
    this.wakeScheduled = true;
    // Once a turn, however many leave in it.
    queueMicrotask(this.wake);
  }

  /** Resolves when nobody is inside any more, or after `timeoutMs`. */
  empty(timeoutMs: number): Promise<void> {
    if (this.inside === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancelTimer = this.clock.schedule(timeoutMs, resolve);
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
        waiters.delete(wake);
        if (waiters.size === 0 && this.waiters.get(level) === waiters) this.waiters.delete(level);
        resolve();
      };
      const waiters = this.waiters.get(level) ?? new Set();
      this.waiters.set(level, waiters.add(wake));
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Wakes everybody, room or not: the engine closes. */
  wakeAll(): void {
    for (const level of this.waiters.values()) for (const wake of level) wake();
  }

  /** Wakes as many as have left, the highest levels first, so that a crowd is not woken for one place. */
  private readonly wake = (): void => {
    let left = this.wakes;
    this.wakes = 0;
    this.wakeScheduled = false;
    if (!this.hasRoomInside()) return;
    for (const level of [...this.waiters.keys()].sort(descending)) {
      if (!this.hasRoom(level)) continue;
      for (const wake of this.waiters.get(level)!) {
        if (left-- === 0) {
          this.lookAgain();
          return;
        }
        wake();
      }
    }
  };

  /** Those woken may not come in, or there may be room for more than have left: looks once they have had their turn. */
  private lookAgain(): void {
    if (this.lookScheduled) return;
    this.lookScheduled = true;
    this.clock.defer(() => {
      this.lookScheduled = false;
      this.roomMade();
    });
  }
}

function descending(a: number, b: number): number {
  return b - a;
}

/** A user's limit may return anything. */
function isShed(value: unknown): value is Shed {
  const shed = value as Partial<Shed> | null;
  return typeof shed?.reason === 'string' && Number.isFinite(shed.load) && Number.isFinite(shed.retryAfterMs);
}
