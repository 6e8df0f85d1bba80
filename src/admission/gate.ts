import type { Clock } from '../contract/clock.ts';
import type { Limit, PermitOutcome, Shed } from '../contract/limit.ts';
import type { Flow, Server } from './flow.ts';
import type { Guard } from './guard.ts';
import { classOf } from './priority-class.ts';
import { ShedCounts } from './shed-counts.ts';
import type { Stations } from './stations.ts';

/** What the door answers for a limit that fails: as if it were full. */
const POLICY_FAILED: Shed = { reason: 'policy-failed', load: 1, retryAfterMs: 1_000 };

/** How often to look for room while nobody is inside who could leave, in milliseconds. */
const LOOK_EVERY_MS = 50;

/** Those who wait for the same. */
interface Waiters {
  readonly flow: Flow | undefined;
  readonly level: number;
  readonly wakes: Set<() => void>;
}

/** The door: asks who decides, counts who is inside, and wakes those who wait for room. */
export class Gate {
  /** Decides for all tasks; without it the station of each flow does. */
  private readonly limit: Limit | undefined;
  private readonly stations: Stations;
  private readonly clock: Clock;
  private readonly onPolicyError: (error: unknown) => void;
  /** Highest levels first, first come first. */
  private readonly waiters: Waiters[] = [];
  /** How many to wake: as many as have left. */
  private wakes = 0;
  private wakeScheduled = false;
  private lookScheduled = false;
  private timerSet = false;
  private onEmpty: (() => void) | undefined = undefined;
  /** Whether there is room behind the door. While there is none nobody is woken, whatever the limit says. */
  hasRoomInside: () => boolean = () => true;
  /** Asked before any station. */
  guard: Guard | undefined = undefined;
  readonly sheds = new ShedCounts();
  /** Tasks let in whose outcome is not known yet. */
  inside = 0;

  constructor(
    limit: Limit | undefined,
    stations: Stations,
    clock: Clock,
    onPolicyError: (error: unknown) => void,
  ) {
    this.limit = limit;
    this.stations = stations;
    this.clock = clock;
    this.onPolicyError = onPolicyError;
  }

  enter(flow: Flow, level: number, tenant: string | undefined, nowMs: number): Shed | undefined {
    const { limit } = this;
    const shed = limit === undefined ? this.admit(flow, level, tenant, nowMs) : this.ask(limit, level);
    if (shed === undefined) this.inside++;
    return shed;
  }

  /** Whether the task that came in last goes before all others, to be served at all. */
  wasPromoted(flow: Flow): boolean {
    return this.limit === undefined && flow.station.promoted;
  }

  /** An attempt was turned away by its upstream. */
  refused(server: Server, startedAtMs: number, retryAfterMs: number, nowMs: number): void {
    if (this.limit === undefined) this.stations.refused(server.station, startedAtMs, retryAfterMs, nowMs);
  }

  private admit(flow: Flow, level: number, tenant: string | undefined, nowMs: number): Shed | undefined {
    const cls = classOf(level);
    return this.guard?.check(cls, nowMs) ?? flow.station.acquire(flow, cls, tenant, nowMs);
  }

  private ask(limit: Limit, level: number): Shed | undefined {
    try {
      const shed = limit.acquire(level);
      if (shed === undefined || isShed(shed)) return shed;
      throw new TypeError('the limit must return undefined or { reason, load, retryAfterMs }');
    } catch (error) {
      this.onPolicyError(error);
      return POLICY_FAILED;
    }
  }

  /** `server` is the agent of an attempt that ended, `nowMs` its end. */
  leave(
    outcome: PermitOutcome,
    flow: Flow,
    server: Server | undefined,
    waitMs: number,
    serviceMs: number,
    nowMs: number,
  ): void {
    this.inside--;
    const { limit } = this;
    if (limit !== undefined) {
      try {
        limit.release(outcome, waitMs, serviceMs);
      } catch (error) {
        this.onPolicyError(error);
      }
    } else if (server !== undefined && (outcome === 'success' || serviceMs >= flow.p50Ms)) {
      server.station.complete(flow, server.tally, waitMs, serviceMs, nowMs);
    }
    this.roomMade();
    if (this.inside === 0) this.onEmpty?.();
  }

  /** An attempt ended whose task goes on, and keeps its permit. */
  attempted(
    outcome: PermitOutcome,
    flow: Flow,
    server: Server,
    waitMs: number,
    serviceMs: number,
    nowMs: number,
  ): void {
    if (this.limit === undefined && (outcome === 'success' || serviceMs >= flow.p50Ms)) {
      server.station.complete(flow, server.tally, waitMs, serviceMs, nowMs);
    }
  }

  /** There may be room for one that was not there before. */
  roomMade(): void {
    if (this.waiters.length === 0) return;
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

  /** Inside over what may be, 0 to 1; with a station each, that of the fullest one. */
  load(): number {
    const { limit } = this;
    if (limit === undefined) {
      let load = 0;
      for (const station of this.stations.all()) load = Math.max(load, station.pressure(this.clock.now()));
      return load;
    }
    try {
      return limit.load();
    } catch (error) {
      this.onPolicyError(error);
      return 1;
    }
  }

  /** Whether a task of this flow would be let in; without a flow, whether any task would be. */
  hasRoom(level: number, flow: Flow | undefined): boolean {
    if (!this.hasRoomInside()) return false;
    const { limit } = this;
    if (limit === undefined) {
      const cls = classOf(level);
      const nowMs = this.clock.now();
      if (this.guard?.check(cls, nowMs) !== undefined) return false;
      if (flow !== undefined) return flow.station.hasRoom(flow, cls, nowMs);
      for (const station of this.stations.all()) if (!station.hasRoomForAll(cls, nowMs)) return false;
      return true;
    }
    try {
      return limit.hasRoom(level);
    } catch (error) {
      this.onPolicyError(error);
      return false;
    }
  }

  /** Resolves when there may be room for the level, when the signal aborts, or when everybody is woken. */
  change(level: number, flow: Flow | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        waiters.wakes.delete(wake);
        if (waiters.wakes.size === 0) this.forget(waiters);
        resolve();
      };
      const waiters = this.waitersOf(level, flow);
      waiters.wakes.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
      // Nobody will leave: only time makes room.
      if (this.inside === 0) this.lookLater();
    });
  }

  /** Wakes everybody, room or not: the engine closes. */
  wakeAll(): void {
    for (const { wakes } of [...this.waiters]) for (const wake of wakes) wake();
  }

  private waitersOf(level: number, flow: Flow | undefined): Waiters {
    let waiters = this.waiters.find((some) => some.level === level && some.flow === flow);
    if (waiters === undefined) {
      waiters = { level, flow, wakes: new Set() };
      const at = this.waiters.findIndex((some) => some.level < level);
      this.waiters.splice(at < 0 ? this.waiters.length : at, 0, waiters);
    }
    return waiters;
  }

  private forget(waiters: Waiters): void {
    const at = this.waiters.indexOf(waiters);
    if (at >= 0) this.waiters.splice(at, 1);
  }

  /** Wakes as many as have left, the highest levels first, so that a crowd is not woken for one place. */
  private readonly wake = (): void => {
    let left = this.wakes;
    this.wakes = 0;
    this.wakeScheduled = false;
    if (!this.hasRoomInside()) return;
    for (const { level, flow, wakes } of [...this.waiters]) {
      if (!this.hasRoom(level, flow)) continue;
      for (const wake of wakes) {
        if (left-- === 0) {
          this.lookAgain();
          return;
        }
        wake();
      }
    }
    if (this.waiters.length > 0 && this.inside === 0) this.lookLater();
  };

  private lookLater(): void {
    if (this.timerSet) return;
    this.timerSet = true;
    this.clock.schedule(LOOK_EVERY_MS, () => {
      this.timerSet = false;
      this.roomMade();
    });
  }

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

/** A user's limit may return anything. */
function isShed(value: unknown): value is Shed {
  const shed = value as Partial<Shed> | null;
  return typeof shed?.reason === 'string' && Number.isFinite(shed.load) && Number.isFinite(shed.retryAfterMs);
}
