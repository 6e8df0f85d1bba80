import type { Shed } from '../contract/limit.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import type { EpochTally } from './epoch.ts';
import { Estimate } from './estimate.ts';
import type { Flow, Server } from './flow.ts';
import { MinimumShare } from './minimum-share.ts';
import { CLASSES, HIGHEST, LOWEST } from './priority-class.ts';
import { shedOf } from './shed.ts';
import type { StationRules } from './station-rules.ts';
import { isFair, TenantShares } from './tenant-shares.ts';

/** Completions before which nothing is predicted. */
const ENOUGH = 16;
/** Share of the allowed wait that a prediction may reach. */
const HEADROOM = 0.85;
/** What higher classes leave of the slots, at least. */
const MIN_LEFT = 0.03;
/** What is planned for the service, at most, as a share of the objective. */
const MAX_SERVICE_SHARE = 0.9;
/** Longest time between two events that counts, in milliseconds. */
const LONGEST_GAP_MS = 60_000;
/** Service times after which an objective below their median is called infeasible. */
const SURE = 100;

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
  readonly reserved: number;
  /** The upstream asked for a pause until then. */
  pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** When the upstream last had its limit cut because it said so. */
  cutAtMs = Number.NEGATIVE_INFINITY;
  /** Finds `cap` and `slots` of an upstream. */
  controller: ConcurrencyLimit | undefined = undefined;
  /** Called when there are more slots than before. */
  onSlots: () => void = () => {};
  /** Called once for a flow whose objective is below its own service time. */
  onInfeasible: (flow: Flow) => void = () => {};
  /** The task that was let in last came in on the minimum share: it goes before all others, or it would starve. */
  promoted = false;
  readonly estimate = new Estimate();
  /** Work that waits, in milliseconds of slots, by class. */
  private readonly workMs: number[] = new Array(CLASSES).fill(0);
  private readonly shares: (TenantShares | undefined)[] = new Array(CLASSES).fill(undefined);
  private readonly lowShare: MinimumShare | undefined;
  private readonly rules: StationRules;
  private readonly tickMs: number;
  private tickAtMs = Number.NEGATIVE_INFINITY;
  private tickedAtMs = Number.NaN;
  /** The tick that was due after a stall comes one later. */
  private isPutOff = false;
  private lastAtMs = Number.NaN;

  constructor(name: string, lane: 'threads' | 'loop', tickMs: number, rules: StationRules) {
    this.name = name;
    this.lane = lane;
    this.tickMs = tickMs;
    this.rules = rules;
    this.reserved = rules.reserved;
    this.lowShare = rules.lowShare > 0 ? new MinimumShare(rules.lowShare) : undefined;
  }

  /** Whether a task of the class may start. */
  hasSlot(cls: number): boolean {
    const places = cls === HIGHEST ? this.cap : this.cap - this.reserved;
    return this.running < places && this.pausedUntilMs === Number.NEGATIVE_INFINITY;
  }

  /** Ends the pause, unless it was prolonged. */
  resume(nowMs: number): void {
    if (nowMs < this.pausedUntilMs) return;
    this.pausedUntilMs = Number.NEGATIVE_INFINITY;
    this.onSlots();
  }

  /** The upstream is thought to serve so many at once. */
  resize(limit: number): void {
    const places = Math.max(1, Math.floor(limit));
    const more = places > this.cap;
    this.cap = places;
    this.slots = places;
    for (const flow of this.flows) this.allow(flow);
    if (more) this.onSlots();
  }

  /** `undefined` lets a task in. */
  acquire(flow: Flow, cls: number, tenant: string | undefined, nowMs: number): Shed | undefined {
    this.advance(nowMs);
    const ownMs = flow.plannedMs + this.estimate.overheadMs;
    let shares = this.shares[cls];
    if (shares === undefined && tenant !== undefined) {
      shares = new TenantShares(this.rules.weights);
      this.shares[cls] = shares;
    }
    const asking = shares?.offer(tenant, ownMs);
    const waitMs = this.predict(flow, cls, nowMs);
    const allowedMs = HEADROOM * flow.allowedMs[cls]!;
    this.promoted = false;
    if (asking !== undefined && waitMs > 0 && !isFair(asking, ownMs))
      return shedOf('tenant-share', waitMs, allowedMs, 0);
    if (waitMs > allowedMs) {
      if (cls !== LOWEST || this.lowShare?.covers(ownMs) !== true) {
        return shedOf('predicted-wait', waitMs, allowedMs, waitMs - allowedMs);
      }
      this.promoted = true;
    }
    if (cls === LOWEST) this.lowShare?.take(ownMs);
    if (asking !== undefined) asking.creditMs -= ownMs;
    this.estimate.admit(cls, ownMs);
    return undefined;
  }

  /** Whether `acquire` would let a task in. */
  hasRoom(flow: Flow, cls: number, nowMs: number): boolean {
    this.advance(nowMs);
    return this.predict(flow, cls, nowMs) <= HEADROOM * flow.allowedMs[cls]!;
  }

  /** Whether a task of any flow would be let in. */
  hasRoomForAll(cls: number, nowMs: number): boolean {
    for (const flow of this.flows) if (!this.hasRoom(flow, cls, nowMs)) return false;
    return true;
  }

  /** Predicted over allowed wait of the flow that is worst off, 0 to 1. */
  pressure(nowMs: number): number {
    let worst = 0;
    for (const flow of this.flows) {
      const waitMs = this.predict(flow, 1, nowMs);
      if (waitMs === 0) continue;
      const allowedMs = HEADROOM * flow.allowedMs[1]!;
      worst = Math.max(worst, Math.min(1, waitMs / Math.max(allowedMs, 1e-6)));
    }
    return worst;
  }

  /** How long a task would wait, in milliseconds. */
  predict(flow: Flow, cls: number, nowMs: number): number {
    const pauseMs = Math.max(0, this.pausedUntilMs - nowMs);
    // The first tasks are let in unmeasured; if there are too many, they are shed when their time is over.
    if (this.estimate.counted < ENOUGH) return pauseMs;
    const { running } = this;
    const { overheadMs, meanMs, load } = this.estimate;
    const slots = cls === HIGHEST ? this.slots : Math.max(1, this.slots - this.reserved);
    const ownMs = flow.plannedMs + overheadMs;
    let waitMs = 0;
    if (this.waitingTotal > 0 || running >= slots) {
      let aheadMs = ownMs;
      let left = 1;
      for (let q = 0; q <= cls; q++) {
        aheadMs += this.workMs[q]! + this.waiting[q]! * overheadMs;
        if (q < cls) left -= load[q]!;
      }
      // Batches hold tasks that have not started.
      if (running > slots) aheadMs += (running - slots) * meanMs;
      waitMs = aheadMs / (slots * Math.max(MIN_LEFT, left));
    }
    if (flow.places < slots) {
      const queued = flow.waitingTotal;
      if (queued > 0 || flow.inFlight >= flow.places) {
        waitMs = Math.max(waitMs, ((queued + 1) * ownMs) / flow.places);
      }
    }
    return waitMs + pauseMs;
  }

  /** Says anew how long tasks of the flow may wait: seldom, for every decision asks for it. */
  private allow(flow: Flow): void {
    const { sloMs, p50Ms } = flow;
    const { meanMs, trim } = this.estimate;
    const turnMs = meanMs / Math.min(this.slots, flow.places);
    const p99Ms = Math.min(flow.p99Ms, MAX_SERVICE_SHARE * sloMs);
    const mostMs = Math.max(sloMs - p50Ms, meanMs);
    for (let cls = 0; cls < CLASSES; cls++) {
      flow.allowedMs[cls] = Math.min(Math.max(trim * (sloMs - p99Ms), 2 * (4 - cls) * turnMs), mostMs);
    }
  }

  /** Whether a task that has waited this long can no longer make it, or stands in the way of those that can. */
  isLate(flow: Flow, cls: number, waitedMs: number): boolean {
    if (waitedMs <= this.estimate.meanMs) return false;
    if (waitedMs >= flow.sloMs - flow.p50Ms) return true;
    return this.waitingTotal > 1 && waitedMs > flow.allowedMs[cls]!;
  }

  add(flow: Flow): void {
    this.flows.add(flow);
    this.allow(flow);
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
    flow.record(serviceMs);
    this.estimate.complete(flow, waitMs, serviceMs);
    this.controller?.complete(tally, serviceMs);
  }

  /** Counts the slots' time, and brings everything up to date if it is time. */
  private advance(nowMs: number): void {
    // A clock that jumps forward, or a machine that slept, is no work.
    const elapsedMs = Math.min(nowMs - this.lastAtMs, LONGEST_GAP_MS);
    this.lastAtMs = nowMs;
    if (elapsedMs > 0) {
      this.estimate.busy(elapsedMs * Math.min(this.running, this.slots));
      this.controller?.advance(elapsedMs, this.running);
      if (nowMs >= this.tickAtMs) this.tickUnlessStalled(elapsedMs, nowMs);
    } else if (!(elapsedMs === 0)) {
      // The first time, or the clock jumped back.
      this.tickedAtMs = nowMs;
      this.tickAtMs = nowMs + this.tickMs;
    }
  }

  /** After a stall of this process what completed meanwhile is yet to be seen: without it slots would look stuck. */
  private tickUnlessStalled(gapMs: number, nowMs: number): void {
    this.isPutOff = gapMs > this.tickMs && !this.isPutOff;
    this.tickAtMs = nowMs + this.tickMs;
    if (!this.isPutOff) this.tick(nowMs);
  }

  private tick(nowMs: number): void {
    const elapsedMs = nowMs - this.tickedAtMs;
    this.tickedAtMs = nowMs;
    const { estimate, slots } = this;
    let longestSloMs = 0;
    for (const { sloMs } of this.flows) longestSloMs = Math.max(longestSloMs, sloMs);
    estimate.tick(elapsedMs, slots, this.running, longestSloMs);
    this.workMs.fill(0);
    for (const flow of this.flows) {
      flow.plan(estimate.meanMs);
      this.allow(flow);
      for (let q = 0; q < CLASSES; q++) this.workMs[q]! += flow.waiting[q]! * flow.plannedMs;
      if (flow.isInfeasible || flow.measured < SURE || flow.p50Ms <= flow.sloMs) continue;
      flow.isInfeasible = true;
      this.onInfeasible(flow);
    }
    this.lowShare?.pass(elapsedMs, slots);
    let left = 1;
    for (let q = 0; q < CLASSES; q++) {
      this.shares[q]?.tick(nowMs, slots, Math.max(MIN_LEFT, left), estimate.tauMs);
      left -= estimate.load[q]!;
    }
  }
}
