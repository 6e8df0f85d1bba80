import type { Shed } from '../contract/limit.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import type { EpochTally } from './epoch.ts';
import type { Flow, Server } from './flow.ts';
import { CLASSES } from './priority-class.ts';

/** Completions that the estimates remember, at least. */
const MEMORY = 64;
/** Completions before which nothing is predicted. */
const ENOUGH = 16;
/** Sojourns between two looks at the trim. */
const TRIM_EVERY = 500;
const TRIM = { min: 0.3, fall: 0.85, rise: 0.05 } as const;
/** Share of the allowed wait that a prediction may reach. */
const HEADROOM = 0.85;
/** What higher classes leave of the slots, at least. */
const MIN_LEFT = 0.03;
/** What is planned for the service, at most, as a share of the objective. */
const MAX_SERVICE_SHARE = 0.9;

/**
 * A pool of slots and the tasks that wait for them: the threads, or one upstream. It admits by the wait that it
 * predicts: what waits before a task and has to be served first, over the slots that higher classes leave.
 *
 * ```
 *  allowed(p) = min(max(trim (SLO - p99s), 2 (4 - p) S / slots), max(SLO - p50s, S))
 *  wait(p)    = (sum over flows of queued[q <= p] * mean + own mean) / (slots * (1 - sum of load[q < p]))
 *  admitted if a slot is free and nobody waits, or wait(p) <= 0.85 allowed(p)
 * ```
 *
 * Each flow is counted with its own mean, so that a change of the mix is seen before its effects. What slots lose
 * beside the service (batches, a busy main thread, a stall) is measured as the difference between busy slot time and
 * the service times that came of it.
 *
 * docs/ARCHITECTURE.md, "Admission", says where the formula comes from.
 */
export class Station {
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  readonly flows = new Set<Flow>();
  /** The agents whose attempts take its slots. */
  readonly servers = new Set<Server>();
  /** How many can be served at once, as far as predictions go. */
  slots = 1;
  /** How many attempts the dispatcher may have running; `Infinity` where the lane itself says when it has enough. */
  cap = Number.POSITIVE_INFINITY;
  running = 0;
  waitingTotal = 0;
  readonly waiting: number[] = new Array(CLASSES).fill(0);
  /** Work that waits, in milliseconds of slots, by class. */
  private readonly workMs: number[] = new Array(CLASSES).fill(0);
  /** Share of the slots that each class's admitted work takes. */
  private readonly load: number[] = new Array(CLASSES).fill(0);
  private readonly admittedMs: number[] = new Array(CLASSES).fill(0);
  private readonly tickMs: number;
  private tickAtMs = Number.NEGATIVE_INFINITY;
  private lastAtMs = Number.NaN;
  // Decayed sums.
  private busyMs = 0;
  private servedMs = 0;
  private completions = 0;
  // Since the last tick.
  private newBusyMs = 0;
  private newServedMs = 0;
  private newCompletions = 0;
  /** What a task costs a slot beside its service, in milliseconds. */
  private overheadMs = 0;
  /** Mean slot time a task, in milliseconds. */
  meanMs = 0;
  private measured = 0;
  private trim = 1;
  private sojourns = 0;
  private misses = 0;
  /** Called when there are more slots than before. */
  onSlots: () => void = () => {};
  /** Finds `cap` and `slots` of an upstream. */
  controller: ConcurrencyLimit | undefined = undefined;

  constructor(name: string, lane: 'threads' | 'loop', tickMs: number) {
    this.name = name;
    this.lane = lane;
    this.tickMs = tickMs;
  }

  get hasSlot(): boolean {
    return this.running < this.cap;
  }

  /** The upstream is thought to serve so many at once. */
  take(limit: number): void {
    const places = Math.max(1, Math.floor(limit));
    const more = places > this.cap;
    this.cap = places;
    this.slots = places;
    if (more) this.onSlots();
  }

  /** `undefined` lets a task in. */
  acquire(flow: Flow, cls: number, nowMs: number): Shed | undefined {
    this.advance(nowMs);
    if (nowMs >= this.tickAtMs) this.tick(nowMs);
    const waitMs = this.predict(flow, cls);
    const allowedMs = HEADROOM * this.allowedMs(flow, cls);
    if (waitMs > allowedMs) {
      return {
        reason: 'predicted-wait',
        load: waitMs / Math.max(allowedMs, 1e-6),
        retryAfterMs: Math.max(1, waitMs - allowedMs),
      };
    }
    this.admittedMs[cls]! += flow.plannedMs + this.overheadMs;
    return undefined;
  }

  /** Whether `acquire` would let a task in. */
  hasRoom(flow: Flow, cls: number, nowMs: number): boolean {
    this.advance(nowMs);
    if (nowMs >= this.tickAtMs) this.tick(nowMs);
    return this.predict(flow, cls) <= HEADROOM * this.allowedMs(flow, cls);
  }

  /** Whether a task of any flow would be let in. */
  hasRoomForAll(cls: number, nowMs: number): boolean {
    for (const flow of this.flows) if (!this.hasRoom(flow, cls, nowMs)) return false;
    return true;
  }

  /** Predicted over allowed wait of the flow that is worst off, 0 to 1. */
  pressure(): number {
    let worst = 0;
    for (const flow of this.flows) {
      const allowedMs = HEADROOM * this.allowedMs(flow, 1);
      const waitMs = this.predict(flow, 1);
      if (waitMs > 0) worst = Math.max(worst, Math.min(1, waitMs / Math.max(allowedMs, 1e-6)));
    }
    return worst;
  }

  /** How long a task would wait, in milliseconds. */
  predict(flow: Flow, cls: number): number {
    // The first tasks are let in unmeasured; if there are too many, they are shed when their time is over.
    if (this.measured < ENOUGH) return 0;
    const { slots, running, overheadMs } = this;
    const ownMs = flow.plannedMs + overheadMs;
    let waitMs = 0;
    if (this.waitingTotal > 0 || running >= slots) {
      let aheadMs = ownMs;
      let left = 1;
      for (let q = 0; q <= cls; q++) {
        aheadMs += this.workMs[q]! + this.waiting[q]! * overheadMs;
        if (q < cls) left -= this.load[q]!;
      }
      // Batches hold tasks that have not started.
      if (running > slots) aheadMs += (running - slots) * this.meanMs;
      waitMs = aheadMs / (slots * Math.max(MIN_LEFT, left));
    }
    if (flow.places < slots) {
      const queued = flow.waitingTotal;
      if (queued > 0 || flow.inFlight >= flow.places) {
        waitMs = Math.max(waitMs, ((queued + 1) * ownMs) / flow.places);
      }
    }
    return waitMs;
  }

  /** How long a task may wait, in milliseconds. */
  allowedMs(flow: Flow, cls: number): number {
    const { sloMs } = flow;
    const turnMs = this.meanMs / Math.min(this.slots, flow.places);
    const p99Ms = Math.min(flow.p99Ms, MAX_SERVICE_SHARE * sloMs);
    return Math.min(
      Math.max(this.trim * (sloMs - p99Ms), 2 * (4 - cls) * turnMs),
      Math.max(sloMs - flow.p50Ms, this.meanMs),
    );
  }

  /** Whether a task that has waited this long can no longer make it, or stands in the way of those that can. */
  isLate(flow: Flow, cls: number, waitedMs: number): boolean {
    if (waitedMs <= this.meanMs) return false;
    if (waitedMs >= flow.sloMs - flow.p50Ms) return true;
    return this.waitingTotal > 1 && waitedMs > this.allowedMs(flow, cls);
  }

  add(flow: Flow): void {
    this.flows.add(flow);
    for (let cls = 0; cls < CLASSES; cls++) this.count(flow, cls, flow.waiting[cls]!);
  }

  /** The tasks that wait go with their flow. */
  remove(flow: Flow): void {
    if (!this.flows.delete(flow)) return;
    for (let cls = 0; cls < CLASSES; cls++) this.count(flow, cls, -flow.waiting[cls]!);
  }

  private count(flow: Flow, cls: number, tasks: number): void {
    this.waiting[cls]! += tasks;
    this.waitingTotal += tasks;
    this.workMs[cls]! += tasks * flow.plannedMs;
  }

  join(flow: Flow, cls: number): void {
    flow.waiting[cls]!++;
    this.waiting[cls]!++;
    this.waitingTotal++;
    this.workMs[cls]! += flow.plannedMs;
  }

  leave(flow: Flow, cls: number): void {
    flow.waiting[cls]!--;
    this.waiting[cls]!--;
    this.waitingTotal--;
    this.workMs[cls]! -= flow.plannedMs;
  }

  /** Takes in what a finished attempt says about the service and about the objective. */
  complete(flow: Flow, tally: EpochTally, waitMs: number, serviceMs: number, nowMs: number): void {
    this.advance(nowMs);
    const lnMs = Math.log(serviceMs);
    flow.record(serviceMs, lnMs);
    this.newServedMs += serviceMs;
    this.newCompletions++;
    this.measured++;
    // One that is too slow by itself is nobody's fault here.
    if (waitMs + serviceMs > flow.sloMs && serviceMs <= flow.sloMs) this.misses++;
    if (++this.sojourns >= TRIM_EVERY) this.adjustTrim();
    this.controller?.complete(tally, serviceMs, lnMs);
    if (nowMs >= this.tickAtMs) this.tick(nowMs);
  }

  /** Counts the slots' time. */
  advance(nowMs: number): void {
    const elapsedMs = nowMs - this.lastAtMs;
    this.lastAtMs = nowMs;
    // Not at first, and not when the clock jumped back.
    if (!(elapsedMs > 0)) return;
    this.newBusyMs += elapsedMs * Math.min(this.running, this.slots);
    this.controller?.advance(elapsedMs, this.running);
  }

  private adjustTrim(): void {
    const missed = this.misses > TRIM_EVERY / 100;
    this.trim = missed ? Math.max(TRIM.min, TRIM.fall * this.trim) : Math.min(1, this.trim + TRIM.rise);
    this.sojourns = 0;
    this.misses = 0;
  }

  /** Brings the estimates up to date. */
  private tick(nowMs: number): void {
    const elapsedMs = Number.isFinite(this.tickAtMs) ? nowMs - this.tickAtMs + this.tickMs : this.tickMs;
    this.tickAtMs = nowMs + this.tickMs;
    const memory = Math.max(MEMORY, 2 * this.slots);
    const keep = Math.exp(-this.newCompletions / memory);
    this.busyMs = keep * this.busyMs + this.newBusyMs;
    this.servedMs = keep * this.servedMs + this.newServedMs;
    this.completions = keep * this.completions + this.newCompletions;
    this.newBusyMs = 0;
    this.newServedMs = 0;
    this.newCompletions = 0;
    // Before anything has completed, those that run are as good as done.
    const done = Math.max(this.completions, Math.min(this.running, this.slots));
    this.meanMs = done > 0 ? this.busyMs / done : 0;
    this.overheadMs = done > 0 ? Math.max(0, this.busyMs - this.servedMs) / done : 0;
    let longestSloMs = 0;
    this.workMs.fill(0);
    for (const flow of this.flows) {
      flow.plan(this.meanMs);
      longestSloMs = Math.max(longestSloMs, flow.sloMs);
      for (let q = 0; q < CLASSES; q++) this.workMs[q]! += flow.waiting[q]! * flow.plannedMs;
    }
    const tauMs = Math.max(longestSloMs, (MEMORY * this.meanMs) / this.slots);
    const weight = 1 - Math.exp(-elapsedMs / tauMs);
    for (let q = 0; q < CLASSES; q++) {
      const share = this.admittedMs[q]! / (elapsedMs * this.slots);
      this.load[q]! += weight * (share - this.load[q]!);
      this.admittedMs[q] = 0;
    }
  }
}
