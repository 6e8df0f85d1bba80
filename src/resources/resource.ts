import type { Clock } from '../contract/clock.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { RateLimit } from '../contract/rate-limit.ts';
import type { ResourceOptions } from '../contract/resources.ts';
import { STATE, type Task } from '../contract/task.ts';
import { Meter } from './meter.ts';

const MINUTE_MS = 60_000;
/** The shortest wait: a timer for less could fall due before anything has changed. */
const MIN_WAIT_MS = 0.01;

/** One call's part of a resource; filled when the call starts. */
export interface Share {
  /** Of the window, when it started. */
  part: number;
  /** What was left of each rate then; `NaN` for one that was not counted. */
  requestsLeft: number;
  tokensLeft: number;
}

/** What the task that goes next lacks. */
interface Lack {
  readonly task: Task;
  readonly tokens: number;
}

/**
 * Something that agents draw on together. Where the task that goes next does not fit, the resource is closed to all of
 * them until it would: so a large task is not passed by small ones for ever, and priorities hold between agents. While it
 * is closed one timer runs, and nobody looks.
 */
export class Resource {
  readonly name: string;
  readonly options: ResourceOptions;
  readonly windowMs: number;
  /** Most tokens that one call may ever take; `Infinity` if nobody says. */
  readonly mostTokens: number;
  private readonly concurrency: number;
  private readonly clock: Clock;
  private requests: Meter | undefined;
  private tokens: Meter | undefined;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;
  private lack: Lack | undefined = undefined;
  private cancelTimer: (() => void) | undefined = undefined;
  private dueAtMs = Number.POSITIVE_INFINITY;
  /** The latest reading of the clock; one that is set back stands still. */
  private latestMs = Number.NEGATIVE_INFINITY;
  private setBackMs = 0;
  /** Where it joins those that have counted calls whose time is still to be told. */
  private readonly unstamped: Resource[];
  private isStamped = true;
  /** Agents that draw on it; opaque. */
  readonly servers = new Set<object>();
  inFlight = 0;
  /** Calls started since the start. */
  calls = 0;
  /** Called when there may be room again. */
  onOpen: (resource: Resource) => void = () => {};

  /** @param unstamped takes the resource when a call was counted; `stamp` is to be called once those calls have started */
  constructor(name: string, options: ResourceOptions, clock: Clock, unstamped: Resource[]) {
    this.name = name;
    this.options = options;
    this.clock = clock;
    this.unstamped = unstamped;
    this.concurrency = options.concurrency ?? Number.POSITIVE_INFINITY;
    this.windowMs = options.windowMs ?? DEFAULTS.resource.windowMs;
    this.mostTokens = this.perWindow(options.tokensPerMinute ?? Number.POSITIVE_INFINITY);
    this.requests = this.meter(options.requestsPerMinute);
    this.tokens = this.meter(options.tokensPerMinute);
  }

  get isClosed(): boolean {
    return this.lack !== undefined;
  }

  /** Whether calls are counted by the minute, by us or for the provider. */
  get isRated(): boolean {
    return this.requests !== undefined || this.tokens !== undefined;
  }

  /**
   * Whether the task that goes next may start now. If not, the resource is closed until it may.
   * @param expected most tokens that it is expected to use
   * @param beforeMs a time not long ago: where there was room then, there is now
   */
  admits(task: Task, expected: number, beforeMs: number): boolean {
    const tokens = Math.min(expected, this.mostTokens);
    if (beforeMs + this.setBackMs > this.latestMs) this.latestMs = beforeMs + this.setBackMs;
    if (this.hasRoomFor(tokens, this.latestMs)) return true;
    const nowMs = this.now();
    const atMs = this.roomAtMs(tokens, nowMs);
    if (atMs <= nowMs) return true;
    this.lack = { task, tokens };
    this.wakeAt(atMs, nowMs);
    return false;
  }

  /** A call starts. The clock is not read: `stamp` tells the time of all that start together. */
  take(): void {
    this.inFlight++;
    this.calls++;
  }

  /** Counts a call that starts. */
  count(tokens: number, share: Share): void {
    const { requests: calls, tokens: amount, latestMs } = this;
    if (calls !== undefined) share.part = calls.count(1, latestMs);
    if (amount !== undefined) share.part = amount.count(Math.min(tokens, this.mostTokens), latestMs);
    share.requestsLeft = calls === undefined ? Number.NaN : calls.left;
    share.tokensLeft = amount === undefined ? Number.NaN : amount.left;
    if (!this.isStamped) return;
    this.isStamped = false;
    this.unstamped.push(this);
  }

  /** All calls that were counted have started by now. */
  stamp(): void {
    const nowMs = this.now();
    this.isStamped = true;
    this.requests?.stamp(nowMs);
    this.tokens?.stamp(nowMs);
  }

  /** A call that was taken back did not start after all. */
  uncount(tokens: number, { part, requestsLeft, tokensLeft }: Share): void {
    if (!Number.isNaN(requestsLeft)) this.requests?.giveBack(1, part);
    if (!Number.isNaN(tokensLeft)) this.tokens?.giveBack(Math.min(tokens, this.mostTokens), part);
  }

  /** A running call has used more tokens than it was counted with. */
  overdraw(tokens: number): void {
    if (this.tokens === undefined) return;
    const nowMs = this.now();
    this.tokens.count(tokens, nowMs);
    this.tokens.stamp(nowMs);
  }

  /** A call needed fewer tokens than it was counted with. */
  refund(unused: number, tokens: number, { part, tokensLeft }: Share): void {
    if (!Number.isNaN(tokensLeft)) this.tokens?.giveBack(Math.min(unused, tokens, this.mostTokens), part);
  }

  /** Takes in what the provider says in answer to a call. */
  learn({ requests, tokens, retryAfterMs }: RateLimit, share: Share | undefined): void {
    const nowMs = this.now();
    if (requests?.limit) this.requests ??= new Meter(Number.POSITIVE_INFINITY, this.windowMs, nowMs);
    if (tokens?.limit) this.tokens ??= new Meter(Number.POSITIVE_INFINITY, this.windowMs, nowMs);
    if (requests !== undefined) this.requests?.learn(requests, share?.requestsLeft ?? Number.NaN, nowMs);
    if (tokens !== undefined) this.tokens?.learn(tokens, share?.tokensLeft ?? Number.NaN, nowMs);
    if (retryAfterMs !== undefined) this.pause(retryAfterMs);
    this.review();
  }

  /** The provider wants to be left alone for so long. */
  pause(pauseMs: number): void {
    const untilMs = this.now() + Math.min(pauseMs, DEFAULTS.resource.maxPauseMs);
    this.pausedUntilMs = Math.max(this.pausedUntilMs, untilMs);
  }

  /** The head of an agent's queue has changed: it may go before the one for which the resource is closed. */
  reconsider(head: Task | undefined): void {
    const { lack } = this;
    if (lack === undefined) return;
    const waits = lack.task.stateCode === STATE.pending && lack.task.place !== undefined;
    if (!waits || (head !== undefined && head.level > lack.task.level)) this.open();
  }

  close(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  /** What counts now, and what is the most that may, within a window. */
  picture(): { readonly requests: [number, number]; readonly tokens: [number, number] } {
    const nowMs = this.now();
    const of = (meter: Meter | undefined): [number, number] =>
      meter === undefined ? [0, Number.POSITIVE_INFINITY] : [meter.used(nowMs), meter.limit];
    return { requests: of(this.requests), tokens: of(this.tokens) };
  }

  /** A call has ended, or was taken back. */
  leave(): void {
    this.inFlight--;
    if (this.lack !== undefined) this.review();
  }

  /** Something has changed: opens if there is room now, or looks again when there will be. */
  private review(): void {
    if (this.lack === undefined) return;
    const nowMs = this.now();
    const atMs = this.roomAtMs(this.lack.tokens, nowMs);
    if (atMs <= nowMs) this.open();
    else if (atMs < this.dueAtMs) this.wakeAt(atMs, nowMs);
  }

  private open(): void {
    this.close();
    this.lack = undefined;
    this.onOpen(this);
  }

  private hasRoomFor(tokens: number, nowMs: number): boolean {
    if (this.inFlight >= this.concurrency || this.pausedUntilMs > nowMs) return false;
    if (this.requests !== undefined && this.requests.roomAtMs(1, nowMs) > nowMs) return false;
    return this.tokens === undefined || this.tokens.roomAtMs(tokens, nowMs) <= nowMs;
  }

  private roomAtMs(tokens: number, nowMs: number): number {
    if (this.inFlight >= this.concurrency) return Number.POSITIVE_INFINITY;
    const requestAtMs = this.requests?.roomAtMs(1, nowMs) ?? nowMs;
    const tokensAtMs = this.tokens?.roomAtMs(tokens, nowMs) ?? nowMs;
    return Math.max(requestAtMs, tokensAtMs, this.pausedUntilMs);
  }

  private wakeAt(atMs: number, nowMs: number): void {
    this.close();
    this.dueAtMs = atMs;
    // A call that ends makes room, or nothing does.
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.cancelTimer = this.clock.schedule(Math.max(MIN_WAIT_MS, atMs - nowMs), () => this.open());
  }

  private meter(perMinute: number | undefined): Meter | undefined {
    if (perMinute === undefined) return undefined;
    return new Meter(this.perWindow(perMinute), this.windowMs, this.now());
  }

  private perWindow(perMinute: number): number {
    return (perMinute * this.windowMs) / MINUTE_MS;
  }

  private now(): number {
    const nowMs = this.clock.now() + this.setBackMs;
    if (nowMs < this.latestMs) this.setBackMs += this.latestMs - nowMs;
    this.latestMs = Math.max(nowMs, this.latestMs);
    return this.latestMs;
  }
}
