import type { Clock } from '../contract/clock.ts';
import { DEFAULTS } from '../contract/options.ts';
import { STATE } from '../contract/task.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import type { FailedAttempts } from '../dispatch/attempt.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { ThreadLink } from '../lanes/thread-link.ts';

/** How often busy threads are looked at, in milliseconds. */
const TICK_MS = 20;

/** A task that was to stop, and since when. */
interface Stopping {
  readonly batchSeq: number;
  readonly index: number;
  readonly sinceMs: number;
}

/**
 * Watches busy threads by the load table alone: ends attempts that run longer than they may, and takes the thread of
 * one that goes on all the same.
 */
export class ThreadHealth {
  private readonly clock: Clock;
  private readonly lane: ThreadLane;
  private readonly failures: FailedAttempts;
  private readonly onTakenBack: () => void;
  private readonly stopping = new Map<ThreadLink, Stopping>();
  private cancelTick: (() => void) | undefined = undefined;

  constructor(clock: Clock, lane: ThreadLane, failures: FailedAttempts, onTakenBack: () => void) {
    this.clock = clock;
    this.lane = lane;
    this.failures = failures;
    this.onTakenBack = onTakenBack;
  }

  /** Starts to watch, unless it does already. It stops by itself when no thread is busy. */
  watch(): void {
    this.cancelTick ??= this.clock.schedule(TICK_MS, () => this.tick(), true);
  }

  close(): void {
    this.cancelTick?.();
    this.cancelTick = undefined;
  }

  private tick(): void {
    this.cancelTick = undefined;
    const nowMs = this.clock.now();
    if (this.lane.relieve(nowMs)) this.onTakenBack();
    let busy = false;
    for (const link of this.lane.roster.links.values()) {
      if (link.open === 0) this.stopping.delete(link);
      else {
        busy = true;
        this.check(link, nowMs);
      }
    }
    for (const link of this.stopping.keys()) if (link.state === 'dead') this.stopping.delete(link);
    if (busy) this.watch();
  }

  private check(link: ThreadLink, nowMs: number): void {
    if (link.state !== 'ready') return;
    const running = this.lane.running(link);
    if (running === undefined) return;
    const { task, batch, index, startedAtMs } = running;
    const agent = batch.agents[index] as AgentEntry;
    const timeoutMs = task.extras?.timeoutMs ?? agent.timeoutMs;
    if (!task.ended && timeoutMs !== undefined && nowMs - startedAtMs > timeoutMs) {
      this.failures.failed(task, agent, { code: 'TIMEOUT', cause: undefined }, startedAtMs, nowMs);
      // It may have gone on to another attempt, and is not to be taken for this one.
      batch.forsake(index);
      this.lane.requestStop(link, batch, index, 'timeout');
    }
    if (batch.tasks[index]?.ended !== true) return;
    const stopping = this.stopping.get(link);
    if (stopping?.batchSeq !== batch.seq || stopping.index !== index) {
      this.stopping.set(link, { batchSeq: batch.seq, index, sinceMs: nowMs });
    } else if (nowMs - stopping.sinceMs > DEFAULTS.agent.graceMs) {
      link.state = 'dying';
      link.pardoned = task.stateCode === STATE.cancelled;
      // Its other tasks are seen to when it is dead.
      void link.worker.terminate();
    }
  }
}
