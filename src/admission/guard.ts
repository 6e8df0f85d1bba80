import type { Shed } from '../contract/limit.ts';
import type { Probe } from '../contract/probe.ts';
import { LOWEST } from './priority-class.ts';

/** How often the process is looked at while tasks arrive, in milliseconds. */
const LOOK_EVERY_MS = 250;
/** A loop that is late by more than this share of the objective, and busy most of the time, takes no low priority. */
const LATE = { share: 0.1, utilization: 0.9 } as const;

export interface GuardOptions {
  /** The engine's objective, in milliseconds. */
  readonly sloMs: number;
  /** Share of the heap's limit that may be used. */
  readonly heapShare: number;
  /** Resident memory that may be used, in bytes. */
  readonly rssBytes: number;
}

/**
 * What no station sees: an event loop that is late, and memory that runs out. Memory turns everybody away. A late loop
 * only turns away the lowest class, and only if it is busy as well: a single long callback is over when it is noticed.
 */
export class Guard {
  private readonly options: GuardOptions;
  private readonly makeProbe: () => Probe;
  private probe: Probe | undefined = undefined;
  private lookAtMs = Number.NEGATIVE_INFINITY;
  private isLate = false;
  /** Used over allowed, of what is used most. */
  private memory = 0;
  private delayMs = 0;

  /** `makeProbe` is called when the first task arrives. */
  constructor(options: GuardOptions, makeProbe: () => Probe) {
    this.options = options;
    this.makeProbe = makeProbe;
  }

  /** Why a task of the class is turned away. */
  check(cls: number, nowMs: number): Shed | undefined {
    // Also if the clock jumped back.
    if (nowMs >= this.lookAtMs || nowMs < this.lookAtMs - LOOK_EVERY_MS) this.look(nowMs);
    if (this.memory >= 1) return { reason: 'memory', load: this.memory, retryAfterMs: 4 * LOOK_EVERY_MS };
    if (cls < LOWEST || !this.isLate) return undefined;
    const load = this.delayMs / (LATE.share * this.options.sloMs);
    return { reason: 'loop-delay', load, retryAfterMs: LOOK_EVERY_MS };
  }

  private look(nowMs: number): void {
    this.lookAtMs = nowMs + LOOK_EVERY_MS;
    this.probe ??= this.makeProbe();
    const { loopDelayP99Ms, loopUtilization, heapUsedBytes, heapLimitBytes, rssBytes } = this.probe();
    const { sloMs, heapShare, rssBytes: rssCeiling } = this.options;
    this.delayMs = loopDelayP99Ms;
    this.isLate = loopDelayP99Ms > LATE.share * sloMs && loopUtilization > LATE.utilization;
    this.memory = Math.max(heapUsedBytes / (heapShare * heapLimitBytes), rssBytes / rssCeiling);
  }
}
