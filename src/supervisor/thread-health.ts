import type { Clock } from '../contract/clock.ts';
import { DEFAULTS, type RecycleOptions } from '../contract/options.ts';
import { type AgentRef, STATE, type Task } from '../contract/task.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import type { FailedAttempts } from '../dispatch/attempt.ts';
import { quietBetweenTasksMs, quietMs } from '../lanes/quiet-thread.ts';
import { StandIn } from '../lanes/stand-in.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { ThreadLink } from '../lanes/thread-link.ts';
import { emptyPicture } from '../load-table/reader.ts';
import { recyclingOf } from './thread-recycling.ts';

/** How often busy threads are looked at, in milliseconds. */
const TICK_MS = 20;

/** Share of `stallMs` after which another thread is started: it is ready when the time is over. */
const SUSPECT_SHARE = 1 / 3;

/** How many times longer a thread has where the handler runs in a child process. */
const ISOLATED_GRACES = 5;

/** A task that was to stop, and since when. */
interface Stopping {
  readonly batchSeq: number;
  readonly index: number;
  readonly sinceMs: number;
}

/** What a thread is held to. */
export interface HealthBounds {
  /** Of agents that name none. */
  readonly stallMs?: number;
  readonly recycle?: RecycleOptions;
}

/**
 * Watches busy threads by the load table alone: ends attempts that run longer than they may, and takes the thread of
 * one that goes on all the same, or that blocks it.
 */
export class ThreadHealth {
  private readonly clock: Clock;
  private readonly lane: ThreadLane;
  private readonly failures: FailedAttempts;
  private readonly bounds: HealthBounds;
  private readonly picture = emptyPicture(0);
  /** Tasks are back in their queues, or there are fewer threads that take any. */
  private readonly onChange: () => void;
  private readonly standIn: StandIn;
  private readonly stopping = new Map<ThreadLink, Stopping>();
  private tickDueAtMs = 0;
  /**
   * How late this look is. While it could not be had the threads may have been kept from running as well (the process
   * was stopped, the machine is busy): they get as much time on top.
   */
  private lateMs = 0;
  private cancelTick: (() => void) | undefined = undefined;

  constructor(
    clock: Clock,
    lane: ThreadLane,
    failures: FailedAttempts,
    bounds: HealthBounds,
    onChange: () => void,
  ) {
    this.clock = clock;
    this.lane = lane;
    this.failures = failures;
    this.bounds = bounds;
    this.onChange = onChange;
    this.standIn = new StandIn(lane);
  }

  /** Starts to watch, unless it does already. It stops by itself when no thread is busy. */
  watch(): void {
    this.arm(true);
  }

  /** @param background whether the process may end before it; not while tasks may be waiting for a thread that drains */
  private arm(background: boolean): void {
    if (this.cancelTick !== undefined) return;
    this.tickDueAtMs = this.clock.now() + TICK_MS;
    this.cancelTick = this.clock.schedule(TICK_MS, () => this.tick(), background);
  }

  close(): void {
    this.cancelTick?.();
    this.cancelTick = undefined;
  }

  private tick(): void {
    this.cancelTick = undefined;
    const nowMs = this.clock.now();
    this.lateMs = Math.max(0, nowMs - this.tickDueAtMs);
    if (this.lane.relieve(nowMs)) this.onChange();
    let busy = false;
    for (const link of this.lane.roster.links.values()) {
      if (link.open === 0) this.stopping.delete(link);
      else {
        busy = true;
        this.check(link, nowMs);
      }
    }
    const { recycle } = this.bounds;
    const isDraining = recycle !== undefined && this.recycle(recycle);
    for (const link of this.stopping.keys()) if (link.state === 'dead') this.stopping.delete(link);
    this.standIn.look(nowMs);
    if (busy || isDraining || this.standIn.isUp) this.arm(!isDraining);
  }

  private check(link: ThreadLink, nowMs: number): void {
    if (link.state !== 'ready' && link.state !== 'draining') return;
    const running = this.lane.running(link);
    if (running === undefined) {
      this.checkBetweenTasks(link, nowMs);
      return;
    }
    const { task, batch, index, startedAtMs, heartbeatAtMs } = running;
    const agent = batch.agents[index] as AgentEntry;
    const timeoutMs = task.extras?.timeoutMs ?? agent.timeoutMs;
    if (!task.ended && timeoutMs !== undefined && nowMs - startedAtMs > timeoutMs) {
      this.failures.failed(task, agent, { code: 'TIMEOUT', cause: undefined }, startedAtMs, nowMs);
      // It may have gone on to another attempt, and is not to be taken for this one.
      batch.forsake(index);
      this.lane.requestStop(link, batch, index, 'timeout');
    }
    const stallMs = agent.stallMs ?? this.bounds.stallMs;
    if (
      stallMs !== undefined &&
      batch.tasks[index]?.ended === false &&
      this.isBlocked(quietMs(startedAtMs, heartbeatAtMs, nowMs), stallMs, nowMs)
    ) {
      const cause = new Error(`the thread was blocked for more than ${stallMs} ms`);
      this.failures.failed(task, agent, { code: 'STALLED', cause }, startedAtMs, nowMs);
      batch.forsake(index);
      this.take(link, cause, agent);
    }
    if (batch.tasks[index]?.ended !== true || link.takenBecause !== undefined) return;
    const stopping = this.stopping.get(link);
    if (stopping?.batchSeq !== batch.seq || stopping.index !== index) {
      this.stopping.set(link, { batchSeq: batch.seq, index, sinceMs: nowMs });
    } else if (nowMs - stopping.sinceMs > graceOf(task, agent)) {
      link.pardoned = task.stateCode === STATE.cancelled;
      const because = `a task went on for more than ${graceOf(task, agent)} ms after it was told to stop`;
      this.take(link, new Error(because), undefined);
    }
  }

  /** Whether a thread has been quiet for too long; before that, another one is started in case it stays so. */
  private isBlocked(quietForMs: number, stallMs: number, nowMs: number): boolean {
    if (quietForMs > SUSPECT_SHARE * stallMs + this.lateMs) this.standIn.want(nowMs);
    return quietForMs > stallMs + this.lateMs;
  }

  /** A handler that has returned may have left something behind that blocks the thread. */
  private checkBetweenTasks(link: ThreadLink, nowMs: number): void {
    const culprit = link.lastAgent as AgentEntry | undefined;
    const stallMs = culprit?.stallMs ?? this.bounds.stallMs;
    if (stallMs === undefined) return;
    if (!this.isBlocked(quietBetweenTasksMs(this.lane, link, nowMs), stallMs, nowMs)) return;
    this.take(link, new Error(`the thread was blocked between tasks for more than ${stallMs} ms`), culprit);
  }

  /** Replaces threads that leak, one at a time. Whether one is on its way out. */
  private recycle(bounds: RecycleOptions): boolean {
    const links = [...this.lane.roster.links.values()];
    // Those that are to go for good see to themselves.
    const draining = links.find(({ state, spared }) => state === 'draining' && !spared);
    if (draining !== undefined) {
      if (draining.isEmpty) this.takeEmpty(draining);
      return true;
    }
    if (this.lane.readyThreads < this.lane.pool.size) return false;
    for (const link of links) {
      const recycling = recyclingOf(this.lane.table.read(link.slot, this.picture), bounds);
      if (recycling === undefined) continue;
      link.recycling = recycling;
      this.lane.roster.drain(link);
      this.takeBackAll(link);
      if (link.isEmpty) this.takeEmpty(link);
      return true;
    }
    return false;
  }

  /** The last of its tasks are done, or were taken back: nothing is lost with it. */
  private takeEmpty(link: ThreadLink): void {
    this.lane.roster.take(link, new Error(`recycled: ${link.recycling!.reason}`));
  }

  /** Takes the thread. What it has not started need not wait until it is dead. */
  private take(link: ThreadLink, because: Error, culprit: AgentRef | undefined): void {
    link.culprit = culprit;
    link.recycling = undefined;
    this.lane.roster.take(link, because);
    this.takeBackAll(link);
  }

  private takeBackAll(link: ThreadLink): void {
    for (const batch of link.batches) if (batch !== undefined) this.lane.takeBack(link, batch);
    this.onChange();
  }
}

/** How long a task may go on after it was told to stop. A thread first ends the child process of an isolated one. */
function graceOf(task: Task, agent: AgentEntry): number {
  const graceMs = task.extras?.graceMs ?? agent.graceMs;
  return agent.isIsolated ? Math.max(graceMs, ISOLATED_GRACES * DEFAULTS.agent.graceMs) : graceMs;
}
